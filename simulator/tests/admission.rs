//! `admits_at` says the first instant at which a request is let in, whatever is on its way.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod client;

use std::time::Duration;

use client::{at, messages, server};
use proptest::prelude::*;
use serde_json::{Value, json};
use tidegate_simulator::workload::{self, generate};
use tidegate_simulator::{Request, Server};

#[test]
fn what_can_never_fit_is_never_admitted_unless_the_limit_is_raised() {
    let options = json!({ "limits": { "default": { "itpm": 1_000 } } });
    assert_eq!(server(options.clone()).admits_at(at(0.0), &messages(3_000, 1, false)), None);
    let mut raised = options;
    raised["changes"] = json!([{ "atMs": 7_000, "limits": { "default": { "itpm": 10_000 } } }]);
    assert_eq!(server(raised).admits_at(at(0.0), &messages(3_000, 1, false)), Some(at(7.0)));
    assert_eq!(server(json!({})).admits_at(at(0.0), &Request::default()), None);
}

#[test]
fn what_a_neighbour_keeps_out_for_ever_is_never_admitted() {
    let mut server = server(json!({
        "limits": { "default": { "itpm": 6_000, "burstMs": 10_000, "enforcement": "sliding-window" } },
        "neighbour": { "share": 0.4 },
    }));
    server.handle(at(60.0), &messages(500, 1, false));
    assert_eq!(server.admits_at(at(61.0), &messages(900, 1, false)), None);
    assert!(server.admits_at(at(61.0), &messages(400, 1, false)).is_some());
}

#[test]
fn looking_counts_nothing() {
    let mut server = server(json!({ "limits": { "default": { "rpm": 1 } } }));
    for _ in 0..5 {
        assert_eq!(server.admits_at(at(1.0), &messages(50, 1, false)), Some(at(1.0)));
    }
    assert_eq!(server.stats(at(1.0)).organisations[0].groups[0].counts.requests, 0);
    assert_eq!(server.handle(at(1.0), &messages(50, 1, false)).status(), 200);
}

#[test]
fn a_request_that_can_be_read_from_the_cache_soon_is_admitted_then() {
    let jobs = generate("cached-prefix", 2, 5).unwrap();
    let requests: Vec<Request> =
        jobs.iter().enumerate().map(|(index, job)| workload::request(job, index, "key")).collect();
    let itpm = jobs[0].input_tokens + 600;
    let mut server = server(json!({ "limits": { "default": { "itpm": itpm } } }));
    let first = server.handle(at(0.0), &requests[0]);
    assert_eq!(first.status(), 200);
    let admitted = server.admits_at(at(0.0), &requests[1]).unwrap();
    // The first token takes 0.3 to 0.5 s; the whole prompt would fit after most of a minute.
    assert!((0.3..0.51).contains(&admitted.as_secs_f64()), "{admitted:?}");
    assert_eq!(server.clone().handle(admitted - Duration::from_nanos(1), &requests[1]).status(), 429);
    assert_eq!(server.handle(admitted, &requests[1]).status(), 200);
}

fn options() -> impl Strategy<Value = Value> {
    let enforcement = prop::sample::select(vec!["token-bucket", "fixed-window", "sliding-window"]);
    let limits = (20_u64..200, 4_000_u64..40_000, 1_000_u64..8_000, 5_000_u64..60_000, enforcement, any::<bool>());
    let limits = limits.prop_map(|(rpm, itpm, otpm, burst, enforcement, hide)| {
        json!({ "rpm": rpm, "itpm": itpm, "otpm": otpm, "burstMs": burst, "enforcement": enforcement, "hideBurst": hide })
    });
    let neighbour = prop_oneof![
        Just(json!({})),
        Just(json!({ "share": 0.4 })),
        Just(json!({ "share": 0.6, "fromMs": 500, "everyMs": 7_000, "forMs": 2_000 })),
    ];
    let ramp = prop::option::of((10_u64..100, 0_u64..100, 2_000_u64..20_000));
    let ramp = ramp.prop_map(|ramp| {
        ramp.map(|(base, growth, every)| json!({ "perMinute": base, "growthPercent": growth, "everyMs": every }))
    });
    let crowd = prop::option::of(1_u64..12);
    (limits.clone(), prop::option::of(limits), neighbour, ramp, crowd, any::<u32>()).prop_map(
        |(limits, later, neighbour, ramp, crowd, seed)| {
            let changes: Vec<Value> =
                later.into_iter().map(|limits| json!({ "atMs": 9_000, "limits": { "default": limits } })).collect();
            json!({
                "seed": seed,
                "limits": { "default": limits },
                "changes": changes,
                "neighbour": neighbour,
                "ramp": ramp,
                "maxInFlight": crowd,
                "faults": { "cut": 0.05, "drop": 0.05 },
            })
        },
    )
}

/// The status of a request at an instant, without disturbing the server.
fn status(server: &Server, at: Duration, request: &Request) -> u16 {
    let mut server = server.clone();
    let exchange = server.handle(at, request);
    // What is lost was admitted.
    if exchange.head.is_none() { 200 } else { exchange.status() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn it_is_admitted_then_and_not_a_moment_before(
        options in options(),
        sizes in prop::collection::vec((0_u64..1_500, 13_u64..1_200, 1_u64..400), 1..30),
    ) {
        let mut server = server(options);
        let mut now = Duration::ZERO;
        for (gap, input, output) in sizes {
            now += Duration::from_millis(gap);
            let request = messages(input, output, false);
            let admitted = server.admits_at(now, &request);
            if let Some(admitted) = admitted {
                prop_assert!(admitted >= now);
                prop_assert_eq!(status(&server, admitted, &request), 200);
                if admitted > now {
                    prop_assert_eq!(status(&server, now, &request), 429);
                    // In tenths, and just before.
                    for tenth in 1..10 {
                        prop_assert_eq!(status(&server, now + (admitted - now) * tenth / 10, &request), 429);
                    }
                    prop_assert_eq!(status(&server, admitted - Duration::from_nanos(1), &request), 429);
                }
            } else {
                prop_assert_eq!(status(&server, now + Duration::from_secs(600), &request), 429);
            }
            server.handle(now, &request);
        }
    }
}
