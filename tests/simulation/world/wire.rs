//! What goes to the server, and what comes back.

use tidegate::headers::HeaderBlock;
use tidegate::limiter::{HttpResponse, Limiter, Verdict};
use tidegate::time::{Duration, WallTime};
use tidegate_simulator::{Ending, Exchange};

use super::{Call, Happening, Patience, Stage, World, core_instant, std_duration};
use crate::api;
use crate::books::End;

impl World {
    pub(super) fn arrive(&mut self, call: Call) {
        let running = self.running.get_mut(&(call.process, call.ticket)).expect("it is on its way");
        let exchange = self.server.handle(std_duration(self.now), &self.requests[running.job]);
        running.exchange = Some(exchange.id);
        let way = self.processes[call.process].way_back();
        let at = match (&exchange.head, exchange.ending) {
            (Some(head), _) => core_instant(head.at),
            (None, Ending::Lost(at)) => core_instant(at),
            (None, _) => {
                assert!(
                    matches!(self.patience.get(&running.job), Some(Patience::Flight(_))),
                    "a server that never answers needs a client that gives up"
                );
                return;
            }
        };
        self.plan(at + way, Happening::Answer(call, Box::new(exchange), way));
    }

    pub(super) fn answer(&mut self, call: Call, exchange: &Exchange, way: Duration) {
        let ticket = call.ticket;
        let Some(head) = &exchange.head else {
            let verdict = self.land(call, End::Lost, [0; 3], |limiter, now| limiter.handle_failure(now, ticket));
            self.wait_again(call);
            *self.outcome.declined.entry(0).or_default() += 1;
            if verdict == Verdict::Deliver {
                self.over(call, 0);
            }
            return;
        };
        let headers = head.headers.iter().filter(|(name, _)| !self.hides_limits || !name.contains("ratelimit"));
        let headers: String = headers.map(|(name, value)| format!("{name}: {value}\n")).collect();
        let whole = exchange.body();
        let mut response =
            HttpResponse { status: head.status, headers: HeaderBlock::new(headers.as_bytes()), body: None };
        let wall = WallTime::from_unix_millis(WALL_ORIGIN_MS + self.now.as_nanos() / 1_000_000);
        let mut respond = |limiter: &mut Limiter, now| match limiter.handle_response(now, wall, ticket, &response) {
            Verdict::NeedBody => {
                response.body = Some(whole.as_bytes());
                limiter.handle_response(now, wall, ticket, &response)
            }
            verdict @ (Verdict::Deliver | Verdict::Observe | Verdict::Retry) => verdict,
        };
        let verdict = if head.status >= 400 {
            *self.outcome.declined.entry(head.status).or_default() += 1;
            let verdict = self.land(call, End::Declined(head.status), [0; 3], respond);
            self.wait_again(call);
            verdict
        } else {
            let now = self.time(call.process);
            respond(self.limiter(call.process), now)
        };
        match verdict {
            Verdict::Deliver => {
                self.over(call, head.status);
            }
            Verdict::Retry => {}
            Verdict::Observe => self.observe(call, exchange, &whole, way),
            Verdict::NeedBody => panic!("the body was given"),
        }
    }

    /// The answer has begun: plans what comes of it.
    fn observe(&mut self, call: Call, exchange: &Exchange, whole: &str, way: Duration) {
        let mut last = self.now;
        for piece in &exchange.pieces {
            last = (core_instant(piece.at) + way).max(last);
            self.plan(last, Happening::Piece(call, piece.bytes.clone()));
        }
        let ends_at = exchange.ends_at().map_or(last, |end| (core_instant(end) + way).max(last));
        let end = match exchange.ending {
            Ending::Complete if whole.contains("event: error") => End::Error,
            Ending::Complete => End::Complete,
            Ending::Lost(_) | Ending::Never => End::Cut,
        };
        let running = self.running.get_mut(&(call.process, call.ticket)).expect("it is being answered");
        running.stage = Stage::Answered;
        running.has_begun = true;
        let job = running.job;
        self.outcome.lives[job].begun_at = Some(self.now);
        let stated = if end == End::Complete { api::stated(self.tasks[job].job.api, whole) } else { [0; 3] };
        self.plan(ends_at, Happening::End(call, end, stated));
        if let Some(Patience::Answer(patience)) = self.patience.get(&job) {
            self.plan(self.now + *patience, Happening::GiveUp(call));
        }
    }
}

/// The server's usual origin.
const WALL_ORIGIN_MS: u64 = 1_795_435_200_000;
