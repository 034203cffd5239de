//! The simulator as JavaScript sees it: plain numbers and JSON text in and out, nothing decided here.
//!
//! Times are milliseconds of the caller's clock.

use wasm_bindgen::prelude::*;

use crate::bound::lower_bound_of_many;
use crate::exchange::{from_millis, millis};
use crate::omniscient::{Next, Scheduler};
use crate::workload::Job;
use crate::{Options, Request, Server};

/// A [`Server`] behind wasm.
#[derive(Debug)]
#[wasm_bindgen]
pub struct CoreSimulator {
    server: Server,
    options: Options,
}

#[wasm_bindgen]
impl CoreSimulator {
    /// Reads [`Options`] from JSON; throws an `Error` that names what is wrong with them.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str) -> Result<CoreSimulator, JsError> {
        let options = Options::from_json(options)?;
        Ok(Self { server: Server::new(options.clone()), options })
    }

    /// A request arrives; the answer is the JSON of an [`Exchange`](crate::Exchange). `headers` are `name: value` lines.
    pub fn handle(&mut self, now: f64, method: &str, path: &str, headers: &str, body: &[u8]) -> String {
        let headers = headers.lines().filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect();
        let request = Request { method: method.to_owned(), path: path.to_owned(), headers, body: body.to_vec() };
        self.server.handle(from_millis(now), &request).to_json().to_string()
    }

    /// The client of an exchange went away.
    pub fn abort(&mut self, now: f64, id: f64) {
        self.server.abort(from_millis(now), id as u64);
    }

    /// The JSON of [`Stats`](crate::Stats).
    pub fn stats(&mut self, now: f64) -> Result<String, JsError> {
        Ok(serde_json::to_string(&self.server.stats(from_millis(now)))?)
    }

    /// The JSON of the [`Bound`](crate::bound::Bound) of jobs given as JSON, begun at `start` and handed in at `arrivals`,
    /// of each as many as `counts` says.
    pub fn bound(&self, jobs: &str, arrivals: &[f64], counts: &[u32], start: f64) -> Result<String, JsError> {
        let jobs: Vec<Job> = serde_json::from_str(jobs)?;
        let arrivals: Vec<_> = arrivals.iter().copied().map(from_millis).collect();
        let bound = lower_bound_of_many(&jobs, &arrivals, counts, &self.options, from_millis(start));
        Ok(serde_json::to_string(&bound)?)
    }

    /// A [`Scheduler`] of jobs given as JSON, handed in at `arrivals`, for the holder of a key.
    pub fn omniscient(
        &self,
        jobs: &str,
        arrivals: &[f64],
        api_key: &str,
        transit: f64,
    ) -> Result<CoreOmniscient, JsError> {
        let jobs: Vec<Job> = serde_json::from_str(jobs)?;
        let arrivals: Vec<_> = arrivals.iter().copied().map(from_millis).collect();
        let scheduler = Scheduler::new(&self.server, &jobs, &arrivals, api_key).with_transit(from_millis(transit));
        Ok(CoreOmniscient { scheduler })
    }
}

/// A [`Scheduler`] behind wasm.
#[derive(Debug)]
#[wasm_bindgen]
pub struct CoreOmniscient {
    scheduler: Scheduler,
}

#[wasm_bindgen]
impl CoreOmniscient {
    /// The JSON of what is to be done: `{ "start": job }`, `{ "at": instant }` or `null`.
    pub fn next(&mut self, now: f64, simulator: &mut CoreSimulator) -> String {
        match self.scheduler.next(from_millis(now), &mut simulator.server) {
            Next::Start(job) => format!(r#"{{"start":{job}}}"#),
            Next::WaitUntil(instant) => format!(r#"{{"at":{}}}"#, millis(instant)),
            Next::Done => "null".to_owned(),
        }
    }

    /// The request of a job is to be sent once more.
    pub fn again(&mut self, job: u32) {
        self.scheduler.again(job as usize);
    }
}

/// The JSON of a named workload; throws an `Error` that lists the names.
#[wasm_bindgen]
pub fn workload(name: &str, count: u32, seed: f64) -> Result<String, JsError> {
    let names = crate::workload::NAMES.join(", ");
    let jobs = crate::workload::generate(name, count as usize, seed as u64);
    let jobs = jobs.ok_or_else(|| JsError::new(&format!("unknown workload {name:?}: expected one of {names}")))?;
    Ok(serde_json::to_string(&jobs)?)
}

/// The names of the workloads.
#[wasm_bindgen(js_name = workloadNames)]
pub fn workload_names() -> Vec<String> {
    crate::workload::NAMES.map(str::to_owned).to_vec()
}

/// The body of the request that a job, given as JSON, stands for.
#[wasm_bindgen(js_name = jobBody)]
pub fn job_body(job: &str, variant: f64) -> Result<String, JsError> {
    let job: Job = serde_json::from_str(job)?;
    Ok(crate::workload::body(&job, variant as u64))
}

/// The text of a single user message that makes a Messages request so many tokens large.
#[wasm_bindgen]
pub fn prompt(input_tokens: f64, variant: f64) -> String {
    crate::workload::prompt(input_tokens as u64, variant as u64)
}
