//! The same options and calls give the same bytes, whatever the calls; and the truth adds up.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod client;

use client::{messages, server};
use proptest::prelude::*;
use serde_json::json;
use std::time::Duration;

#[derive(Clone, Debug)]
enum Operation {
    Handle { gap_ms: u64, input_tokens: u64, output_tokens: u64, stream: bool },
    Abort { gap_ms: u64, id: u64 },
    GoBack,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        8 => (0_u64..3_000, 13_u64..3_000, 1_u64..800, any::<bool>()).prop_map(
            |(gap_ms, input_tokens, output_tokens, stream)| Operation::Handle { gap_ms, input_tokens, output_tokens, stream }
        ),
        2 => (0_u64..3_000, 1_u64..60).prop_map(|(gap_ms, id)| Operation::Abort { gap_ms, id }),
        1 => Just(Operation::GoBack),
    ]
}

fn run(operations: &[Operation], seed: u64) -> (String, tidegate_simulator::Stats) {
    let mut server = server(json!({
        "seed": seed,
        "limits": { "default": { "rpm": 120, "itpm": 60_000, "otpm": 12_000, "burstMs": 20_000 } },
        "faults": { "overloaded": 0.05, "error": 0.05, "drop": 0.05, "cut": 0.05, "hang": 0.05, "streamError": 0.05 },
        "neighbour": { "share": 0.2, "fromMs": 5_000 },
    }));
    let mut now = Duration::ZERO;
    let mut bytes = String::new();
    for operation in operations {
        match *operation {
            Operation::Handle { gap_ms, input_tokens, output_tokens, stream } => {
                now += Duration::from_millis(gap_ms);
                let exchange = server.handle(now, &messages(input_tokens, output_tokens, stream));
                bytes.push_str(&exchange.to_json().to_string());
            }
            Operation::Abort { gap_ms, id } => {
                now += Duration::from_millis(gap_ms);
                server.abort(now, id);
            }
            Operation::GoBack => server.abort(now / 2, u64::MAX),
        }
    }
    (bytes, server.stats(now + Duration::from_secs(600)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_same_calls_give_the_same_bytes(operations in prop::collection::vec(operation(), 1..60), seed in any::<u64>()) {
        prop_assert_eq!(run(&operations, seed), run(&operations, seed));
    }

    #[test]
    fn every_request_is_counted_exactly_once(operations in prop::collection::vec(operation(), 1..60), seed in any::<u64>()) {
        let (_, stats) = run(&operations, seed);
        for group in stats.organisations.iter().flat_map(|organisation| &organisation.groups) {
            let counts = group.counts;
            let ended =
                counts.served + counts.refused + counts.overloaded + counts.errors + counts.lost + counts.aborted;
            prop_assert_eq!((ended, counts.in_flight), (counts.requests, 0));
            // Requests are charged on admission only, so their bucket is never overdrawn.
            let requests = group.limit("requests").unwrap();
            prop_assert!(requests.peak <= requests.allowed as i64);
            prop_assert!(group.limits.iter().all(|limit| limit.remaining <= limit.at_once as i64));
        }
    }
}
