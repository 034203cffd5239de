// What is required has the same types as what is imported.
import tidegate = require("tidegate");
import presets = require("tidegate/presets");
import simulator = require("tidegate/simulator");
import server = require("tidegate/simulator/node");
import tokens = require("tidegate/tokens");

const limiter: tidegate.Limiter = tidegate.createLimiter({ limits: presets.anthropic.start.limits });
export = {
  limiter,
  simulated: simulator.createSimulator().fetch satisfies tidegate.Fetch,
  started: server.startSimulator(),
  tables: tokens.tables.length,
};
