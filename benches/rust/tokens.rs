//! How fast model tokens are estimated, by both forms of weights.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use tidegate::tokens::{EXACT_TABLES, Tokenizer, Weights};
use tidegate_benches::{ThreadTime, criterion};

fn texts(criterion: &mut Criterion<ThreadTime>) {
    let small = Weights::new();
    let mut exact = Weights::new();
    exact.add_tables(EXACT_TABLES).expect("tables that come with the crate");

    let mut group = criterion.benchmark_group("tokens");
    group.sampling_mode(SamplingMode::Flat);
    for (name, text) in [("prose", PROSE), ("code", CODE), ("Chinese", CHINESE), ("Russian", RUSSIAN)] {
        let text = text.repeat(100);
        group.throughput(Throughput::Bytes(text.len() as u64));
        for (subject, weights) in [("tidegate", &small), ("tidegate, exact", &exact)] {
            group.bench_function(BenchmarkId::new(subject, name), |bencher| {
                bencher.iter(|| {
                    let mut counter = weights.counter(Tokenizer::Claude47);
                    counter.text(black_box(text.as_bytes()));
                    counter.groups().tokens()
                });
            });
        }
    }
    group.finish();
}

const PROSE: &str = "The tide comes in twice a day. He said \"wait for the gate\", and so we waited: it opened at noon, as it does in spring.\n";
const CODE: &str = "    if (this.fault !== undefined) throw this.fault;\n    for (let i = 0; i < count; i++) kept.push(tide[i]?.at ?? 0x7f);\n";
const CHINESE: &str = "潮水每天来两次，外面的水允许时闸门就打开。他说：“等闸门”，于是我们等着，它在中午打开了。\n";
const RUSSIAN: &str = "Прилив приходит дважды в день, и ворота открываются, когда позволяет вода снаружи.\n";

criterion_group!(name = benches; config = criterion(); targets = texts);
criterion_main!(benches);
