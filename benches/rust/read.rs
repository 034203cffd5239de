//! What is read of each request and each answer.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use tidegate::headers::{self, HeaderBlock, Response};
use tidegate::provider::Provider;
use tidegate::request::{self, Body};
use tidegate::time::WallTime;
use tidegate_benches::{ThreadTime, criterion};

/// The limits that Claude's API states in each answer.
const HEADERS: &str = "anthropic-ratelimit-requests-limit: 1000
anthropic-ratelimit-requests-remaining: 999
anthropic-ratelimit-requests-reset: 2026-11-23T12:00:01Z
anthropic-ratelimit-tokens-limit: 2400000
anthropic-ratelimit-tokens-remaining: 2398000
anthropic-ratelimit-tokens-reset: 2026-11-23T12:00:02Z
anthropic-ratelimit-input-tokens-limit: 2000000
anthropic-ratelimit-input-tokens-remaining: 1998000
anthropic-ratelimit-input-tokens-reset: 2026-11-23T12:00:02Z
anthropic-ratelimit-output-tokens-limit: 400000
anthropic-ratelimit-output-tokens-remaining: 400000
anthropic-ratelimit-output-tokens-reset: 2026-11-23T12:00:00Z";

fn answers(criterion: &mut Criterion<ThreadTime>) {
    let now = WallTime::from_unix_millis(1_795_435_200_000);
    let mut group = criterion.benchmark_group("read");
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function(BenchmarkId::new("tidegate", "an answer's 12 headers"), |bencher| {
        let headers = HeaderBlock::new(HEADERS.as_bytes());
        let response = Response { provider: Some(Provider::Anthropic), status: 200, headers, body: None };
        bencher.iter(|| headers::read(black_box(&response), now).limits().count());
    });
    group.finish();
}

fn requests(criterion: &mut Criterion<ThreadTime>) {
    let mut group = criterion.benchmark_group("read");
    group.sampling_mode(SamplingMode::Flat);
    for (name, bytes) in [("a request of 1 kB", 1_000), ("a request of 100 kB", 100_000)] {
        let body = conversation(bytes);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(BenchmarkId::new("tidegate", name), |bencher| {
            let headers = HeaderBlock::new(b"anthropic-version: 2023-06-01");
            bencher.iter(|| {
                let body = Body::Bytes(black_box(body.as_bytes()));
                request::read("POST", "https://api.anthropic.com/v1/messages", headers, body).input.tokens()
            });
        });
    }
    group.finish();
}

/// A conversation as the SDK writes it, of about so many bytes: prose with line breaks and quotes.
fn conversation(bytes: usize) -> String {
    const SAID: &str = r#"The tide comes in twice a day.\nHe said \"wait for the gate\", and so we waited: it opened at noon, as it does in spring."#;
    let mut body = String::from(r#"{"model":"claude-sonnet-5","max_tokens":1024,"messages":["#);
    let mut turn = 0;
    while body.len() < bytes {
        let (comma, role) = (if turn == 0 { "" } else { "," }, ["user", "assistant"][turn % 2]);
        body += &format!(r#"{comma}{{"role":"{role}","content":[{{"type":"text","text":"{}"}}]}}"#, SAID.repeat(4));
        turn += 1;
    }
    body + "]}"
}

criterion_group!(name = benches; config = criterion(); targets = answers, requests);
criterion_main!(benches);
