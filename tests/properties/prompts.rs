//! Requests that share a prompt: one writes it, the others follow, and nobody is forgotten whatever becomes of whom.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tidegate::cost::Stated;
use tidegate::headers::HeaderBlock;
use tidegate::limiter::{HttpRequest, HttpResponse, Limiter, Output, Ticket, Verdict};
use tidegate::options::{Value, parse, record};
use tidegate::queue::Priority;
use tidegate::request::Body;
use tidegate::time::{Duration, Instant, WallTime};

#[derive(Clone, Debug)]
enum Step {
    /// A question about one of the books, or about none.
    Ask {
        book: usize,
        priority: usize,
    },
    /// The n-th of those in flight is answered, with that status.
    Answer {
        nth: usize,
        status: u16,
    },
    /// The connection of the n-th is lost.
    Lose {
        nth: usize,
    },
    /// The body of the n-th that was answered ends.
    End {
        nth: usize,
        complete: bool,
    },
    /// The n-th of all is given up.
    Cancel {
        nth: usize,
    },
    Pass {
        ms: u64,
    },
    Wake,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..=BOOKS.len(), 0..4_usize).prop_map(|(book, priority)| Step::Ask { book, priority }),
        4 => (0..20_usize, prop::sample::select(&[200, 200, 200, 400, 429, 500, 529][..]))
            .prop_map(|(nth, status)| Step::Answer { nth, status }),
        1 => (0..20_usize).prop_map(|nth| Step::Lose { nth }),
        3 => (0..20_usize, any::<bool>()).prop_map(|(nth, complete)| Step::End { nth, complete }),
        2 => (0..40_usize).prop_map(|nth| Step::Cancel { nth }),
        2 => (0..2_000_u64).prop_map(|ms| Step::Pass { ms }),
        3 => Just(Step::Wake),
    ];
    prop::collection::vec(step, 1..60)
}

const BOOKS: [&str; 2] = ["tide", "gate"];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Waiting,
    Sent,
    Answered,
}

struct World {
    limiter: Limiter,
    now: Instant,
    /// Every ticket that has not ended, and its book.
    tickets: BTreeMap<Ticket, (usize, Phase)>,
    /// Whether a request about the book was ever answered.
    is_written: [bool; BOOKS.len() + 1],
}

impl World {
    fn new() -> Self {
        let limits = record([("default", record([("rpm", 6_000.0.into()), ("concurrency", 4.0.into())]))]);
        let retry = record([("attempts", 3.0.into())]);
        let policy = parse(&record([("limits", limits), ("retry", retry)])).unwrap();
        Self {
            limiter: Limiter::new(&policy, 3),
            now: Instant::ZERO,
            tickets: BTreeMap::new(),
            is_written: [false, false, true],
        }
    }

    fn nth(&self, nth: usize, phase: Phase) -> Option<Ticket> {
        self.tickets.iter().filter(|(_, (_, at))| *at == phase).nth(nth).map(|(ticket, _)| *ticket)
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Ask { book, priority } => self.ask(book, Priority::NAMED[priority]),
            Step::Answer { nth, status } => {
                let Some(ticket) = self.nth(nth, Phase::Sent) else { return };
                self.answer(ticket, status);
            }
            Step::Lose { nth } => {
                let Some(ticket) = self.nth(nth, Phase::Sent) else { return };
                let verdict = self.limiter.handle_failure(self.now, ticket);
                self.judged(ticket, verdict);
            }
            Step::End { nth, complete } => {
                let Some(ticket) = self.nth(nth, Phase::Answered) else { return };
                self.tickets.remove(&ticket);
                self.limiter.finish(self.now, ticket, complete);
            }
            Step::Cancel { nth } => {
                let Some(ticket) = self.tickets.keys().nth(nth).copied() else { return };
                self.tickets.remove(&ticket);
                self.limiter.cancel(self.now, ticket);
            }
            Step::Pass { ms } => self.pass(Duration::from_millis(ms)),
            Step::Wake => self.wake(),
        }
        self.drain();
        self.check();
    }

    fn ask(&mut self, book: usize, priority: Priority) {
        let text = BOOKS.get(book).map(|word| {
            let text = format!("{word} ").repeat(1_500);
            format!(r#""system":[{{"type":"text","text":"{text}","cache_control":{{"type":"ephemeral"}}}}],"#)
        });
        let body = format!(
            r#"{{"model":"claude-sonnet-5","max_tokens":9,{}"messages":[{{"role":"user","content":"?"}}]}}"#,
            text.unwrap_or_default()
        );
        let request = HttpRequest {
            method: "POST",
            url: "https://api.example/v1/messages",
            headers: HeaderBlock::new(b"anthropic-version: 2023-06-01"),
            body: Body::Bytes(body.as_bytes()),
            replayable: true,
            priority,
            tenant: "",
            max_wait: None,
            stated: Stated::default(),
            count: None,
        };
        let ticket = self.limiter.submit_request(self.now, &request).expect("it fits");
        self.tickets.insert(ticket, (book, Phase::Waiting));
    }

    fn answer(&mut self, ticket: Ticket, status: u16) {
        let headers = HeaderBlock::new(b"content-type: text/event-stream");
        let response = HttpResponse { status, headers, body: Some(b"{}") };
        let verdict = self.limiter.handle_response(self.now, WallTime::from_unix_millis(0), ticket, &response);
        if let Some((book, _)) = self.tickets.get(&ticket)
            && status == 200
        {
            self.is_written[*book] = true;
        }
        self.judged(ticket, verdict);
    }

    fn judged(&mut self, ticket: Ticket, verdict: Verdict) {
        match verdict {
            Verdict::Deliver => {
                self.tickets.remove(&ticket);
            }
            Verdict::Observe => self.tickets.get_mut(&ticket).expect("it is there").1 = Phase::Answered,
            Verdict::Retry => self.tickets.get_mut(&ticket).expect("it is there").1 = Phase::Waiting,
            Verdict::NeedBody => panic!("it was given"),
        }
    }

    fn wake(&mut self) {
        let Some(wake_up) = self.limiter.poll_timeout() else { return };
        self.pass(wake_up.at.since(self.now));
        let next = self.limiter.poll_timeout().filter(|next| next.at <= self.now);
        assert!(next.is_none_or(|next| next.at == Instant::ZERO), "no progress at {:?}: {next:?}", self.now);
    }

    fn pass(&mut self, duration: Duration) {
        self.now += duration;
        self.limiter.handle_timeout(self.now);
    }

    fn drain(&mut self) {
        while let Some(output) = self.limiter.poll_output() {
            match output {
                Output::Start(ticket) => {
                    let (_, phase) = self.tickets.get_mut(&ticket).expect("only who has not ended starts");
                    assert_eq!(core::mem::replace(phase, Phase::Sent), Phase::Waiting);
                }
                Output::Refuse(_, refusal) => panic!("{refusal}"),
                Output::Event(_) => {}
            }
        }
    }

    fn check(&self) {
        let count = |phase| self.tickets.values().filter(|(_, at)| *at == phase).count();
        assert_eq!(self.limiter.waiting() as usize, count(Phase::Waiting));
        assert!(
            self.limiter.poll_timeout().is_some()
                || count(Phase::Waiting) == 0
                || count(Phase::Sent) > 0
                || count(Phase::Answered) > 0,
            "somebody waits and nothing is due"
        );
        if self.now < Instant::ZERO + Duration::MINUTE {
            for (book, name) in BOOKS.iter().enumerate() {
                let writing = self.tickets.values().filter(|ticket| **ticket == (book, Phase::Sent)).count();
                assert!(self.is_written[book] || writing <= 1, "{name} is written {writing} times");
            }
        }
    }

    /// Ends everything; nothing may be left.
    fn finish(mut self) {
        for round in 0.. {
            assert!(round < 1_000, "it does not end");
            while let Some(ticket) = self.nth(0, Phase::Sent) {
                self.answer(ticket, 200);
                self.drain();
            }
            while self.nth(0, Phase::Answered).is_some() {
                self.take(&Step::End { nth: 0, complete: true });
            }
            if self.tickets.is_empty() {
                break;
            }
            self.take(&Step::Wake);
        }
        assert_eq!((self.limiter.waiting(), self.limiter.poll_timeout()), (0, None));
        let snapshot: Value = self.limiter.snapshot(self.now);
        assert!(format!("{snapshot:?}").contains(r#"("inFlight", Number(0.0))"#), "{snapshot:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_new_prompt_is_written_by_one_at_a_time_and_everybody_ends_once(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
        }
        world.finish();
    }
}
