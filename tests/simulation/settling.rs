//! What is reserved is settled, once, whatever becomes of a call; and what is booked is what the server charged.

use std::collections::BTreeMap;

use tidegate::limiter::Limiter;
use tidegate::options::{Value, parse, record};
use tidegate::random::Random;
use tidegate::time::{Duration, Instant};
use tidegate_simulator::workload;

use crate::api::CLAUDE;
use crate::books::{Account, Amounts, Books, DIMENSIONS, End, counters};
use crate::outcome::Outcome;
use crate::world::{Patience, World};

/// Something that goes wrong in a run.
#[derive(Clone, Copy, Debug)]
struct Trouble {
    name: &'static str,
    /// What the server does, as the simulator's options say it.
    faults: &'static str,
    /// How much of what the limiter believes to be allowed the server allows, in hundredths.
    allowed: u64,
    /// Who of a hundred callers gives up, and when.
    leavers: u64,
    leave: fn(&mut Random) -> Patience,
    /// What must have happened for the run to have shown anything.
    shows: End,
    /// Whether all that happens is charged in a way that the limiter can know, so that the books agree to the token.
    is_exact: bool,
}

const NONE: Trouble = Trouble {
    name: "none",
    faults: "",
    allowed: 100,
    leavers: 0,
    leave: in_queue,
    shows: End::Complete,
    is_exact: true,
};

const TROUBLES: [Trouble; 11] = [
    NONE,
    Trouble { name: "left in queue", leavers: 30, leave: in_queue, shows: End::LeftQueue, ..NONE },
    Trouble { name: "left in flight", leavers: 30, leave: in_flight, shows: End::LeftFlight, is_exact: false, ..NONE },
    Trouble { name: "left in answer", leavers: 30, leave: in_answer, shows: End::LeftAnswer, is_exact: false, ..NONE },
    Trouble { name: "refused", faults: r#""bareRefusals": 0.5"#, allowed: 60, shows: End::Declined(429), ..NONE },
    Trouble { name: "overloaded", faults: r#""overloaded": 0.2"#, shows: End::Declined(529), ..NONE },
    Trouble { name: "failed", faults: r#""error": 0.2"#, shows: End::Declined(500), is_exact: false, ..NONE },
    Trouble { name: "dropped", faults: r#""drop": 0.2"#, shows: End::Lost, is_exact: false, ..NONE },
    Trouble { name: "cut", faults: r#""cut": 0.2"#, shows: End::Cut, is_exact: false, ..NONE },
    Trouble { name: "error in stream", faults: r#""streamError": 0.2"#, shows: End::Error, is_exact: false, ..NONE },
    Trouble {
        name: "hung",
        faults: r#""hang": 0.2"#,
        leavers: 100,
        leave: until_hopeless,
        shows: End::LeftFlight,
        is_exact: false,
        ..NONE
    },
];

/// All of them at once.
const EVERYTHING: Trouble = Trouble {
    name: "everything",
    faults: r#""overloaded": 0.05, "error": 0.05, "drop": 0.05, "cut": 0.05, "streamError": 0.05, "slow": 0.05, "bareRefusals": 0.3"#,
    allowed: 70,
    leavers: 40,
    leave: anywhere,
    shows: End::LeftFlight,
    is_exact: false,
};

fn in_queue(random: &mut Random) -> Patience {
    Patience::Queue(Duration::from_millis(random.up_to(30_000)))
}

fn in_flight(random: &mut Random) -> Patience {
    Patience::Flight(Duration::from_millis(random.up_to(600)))
}

fn in_answer(random: &mut Random) -> Patience {
    Patience::Answer(Duration::from_millis(random.up_to(4_000)))
}

/// Longer than any answer takes to begin.
fn until_hopeless(_: &mut Random) -> Patience {
    Patience::Flight(Duration::from_secs(120))
}

fn anywhere(random: &mut Random) -> Patience {
    match random.up_to(2) {
        0 => in_queue(random),
        1 => in_flight(random),
        _ => in_answer(random),
    }
}

/// What the limiter is told. The limits bind, so that calls wait and answers outgrow what is left.
fn options() -> Value {
    let limit = |(dimension, amount): (&str, u64)| {
        record([("dimension", dimension.into()), ("amount", amount.into()), ("periodMs", 60_000.0.into())])
    };
    let limits =
        LIMITS.map(|(dimension, _, amount)| limit((dimension, amount))).into_iter().chain(counters()).collect();
    let scope = record([("concurrency", 200_u64.into()), ("limits", Value::List(limits))]);
    record([("limits", record([("claude-*", scope)])), ("retry", record([("attempts", 4_u64.into())]))])
}

fn server(trouble: Trouble, seed: u64) -> String {
    let [rpm, itpm, otpm] = LIMITS.map(|(_, name, amount)| format!(r#""{name}": {}"#, amount * trouble.allowed / 100));
    let faults = trouble.faults;
    format!(r#"{{ "seed": {seed}, "faults": {{ {faults} }}, "limits": {{ "default": {{ {rpm}, {itpm}, {otpm} }} }} }}"#)
}

const LIMITS: [(&str, &str, u64); 3] =
    [("requests", "rpm", 100), ("input_tokens", "itpm", 100_000), ("output_tokens", "otpm", 20_000)];

fn run(name: &str, trouble: Trouble, seed: u64, is_audited: bool) -> Outcome {
    let jobs = workload::generate(name, JOBS, seed).expect("a known workload");
    let mut random = Random::new(seed);
    let mut patience = BTreeMap::new();
    for job in 0..jobs.len() {
        if random.up_to(99) < trouble.leavers {
            patience.insert(job, (trouble.leave)(&mut random));
        }
    }
    let limiter = Limiter::new(&parse(&options()).expect("the limiter's options are right"), seed);
    let mut world = World::new(limiter, &server(trouble, seed), seed);
    world.patience = patience;
    // What headers say would be booked too, and for no call.
    world.hides_limits = is_audited;
    world.books = is_audited.then(Books::default);
    world.run(jobs.into_iter().map(|job| (Instant::ZERO, job)).collect())
}

fn books(outcome: &Outcome) -> &Books {
    outcome.books.as_ref().expect("they were kept")
}

/// What the server charged, as it alone knows.
fn truth(outcome: &Outcome) -> Amounts {
    let group = &outcome.stats.organisations[0].groups[0];
    ["requests", "inputTokens", "outputTokens"].map(|name| group.limit(name).expect("it is limited").charged)
}

/// Asserts what holds of every run.
fn check(outcome: &Outcome, label: &str) {
    let (books, truth) = (books(outcome), truth(outcome));
    assert_eq!(outcome.not_full, Vec::<String>::new(), "{label}");
    for (&end, account) in &books.accounts {
        let Account { attempts, reserved, charged, stated } = *account;
        let label = format!("{label}: {end:?}, {account:?}");
        match end {
            End::Complete => assert_eq!(charged, stated, "{label}"),
            End::LeftQueue => assert_eq!((reserved, charged), ([0; 3], [0; 3]), "{label}"),
            End::Declined(429 | 529) => assert_eq!(charged, [0; 3], "{label}"),
            End::Declined(_) => assert_eq!(charged, [attempts.into(), 0, 0], "{label}"),
            // The server has seen it, for all that is known, and wrote nothing that anybody read.
            End::Lost => assert_eq!(charged, [reserved[0], reserved[1], 0], "{label}"),
            End::LeftFlight => assert_eq!(charged[..2], reserved[..2], "{label}"),
            End::Cut | End::Error | End::LeftAnswer => assert_eq!(charged[0], i64::from(attempts), "{label}"),
        }
    }
    // What is left of both when completed calls, which are booked to the token, are taken out.
    let complete = books.of(End::Complete);
    let total = books.total();
    let [requests, input, output] =
        [0, 1, 2].map(|place| (total.charged[place] - complete.charged[place], truth[place] - complete.stated[place]));
    let sum = |ends: &[End], place: usize| ends.iter().map(|end| books.of(*end).reserved[place]).sum::<i64>();
    let label = format!("{label}: {books:?}, charged {truth:?}");
    // Who left may have left before the server saw the request.
    let unseen = requests.0 - requests.1;
    assert!((0..=books.of(End::LeftFlight).attempts.into()).contains(&unseen), "{label}");
    // Of what ended without saying its usage, the input is booked as reserved. A server that fails charges it, in the
    // simulator, while the limiter takes a failure to cost a request and no more.
    let guessed = sum(&[End::LeftFlight, End::Lost, End::Cut], 1);
    let failed = sum(&[End::Declined(500)], 1);
    let least = input.1 * 9 / 10 - failed - guessed / 10;
    assert!((least..=input.1 + guessed).contains(&input.0), "{label}");
    // What was written of a cut answer is told by its characters, four for a token, where the simulator's tokens have
    // 3.6, give or take a piece of what the server produces. Who left before the answer is booked what was reserved.
    let cut = [End::Cut, End::Error, End::LeftAnswer].map(|end| i64::from(books.of(end).attempts)).iter().sum::<i64>();
    let most = output.1 * 11 / 10 + PIECE_TOKENS * cut + sum(&[End::LeftFlight], 2);
    assert!((output.1 * 85 / 100 - PIECE_TOKENS * cut..=most).contains(&output.0), "{label}");
}

fn print(name: &str, trouble: Trouble, outcome: &Outcome) {
    let (total, truth) = (books(outcome).total(), truth(outcome));
    for (place, dimension) in DIMENSIONS.into_iter().enumerate() {
        let (reserved, charged, truth) = (total.reserved[place], total.charged[place], truth[place]);
        eprintln!(
            "{name:<22} | {:<15} | {:<13} | {reserved:>9} | {charged:>9} | {truth:>9} | {:>10}",
            trouble.name,
            dimension.name(),
            charged - truth
        );
    }
}

#[test]
fn nothing_reserved_is_left_over_and_what_is_booked_is_what_the_server_charged() {
    eprintln!("{}", HEADING);
    for trouble in TROUBLES.into_iter().chain([EVERYTHING]) {
        let mut shown = 0;
        for name in CLAUDE {
            let outcome = run(name, trouble, SEED, true);
            print(name, trouble, &outcome);
            let label = format!("{name}, {}", trouble.name);
            check(&outcome, &label);
            if trouble.is_exact {
                assert_eq!(books(&outcome).total().charged, truth(&outcome), "{label}");
            }
            shown += books(&outcome).of(trouble.shows).attempts;
        }
        assert!(shown > 0, "{}: nothing of it happened", trouble.name);
    }
}

#[test]
fn with_the_server_s_word_too_every_limit_is_full_again_after_a_rest() {
    for name in CLAUDE {
        let outcome = run(name, EVERYTHING, SEED, false);
        assert_eq!(outcome.not_full, Vec::<String>::new(), "{name}");
        assert!(outcome.answers.iter().all(|statuses| statuses.len() == 1), "{name}: {:?}", outcome.answers);
    }
}

/// What the simulator produces in the 50 ms of a piece, at the most, and a little of the next.
const PIECE_TOKENS: i64 = 8;
const JOBS: usize = 120;
const SEED: u64 = 1;
/// What the limiter reserved and booked, and what the server charged.
const HEADING: &str =
    "workload               | trouble         | dimension     |  reserved |    booked |   charged | difference";
