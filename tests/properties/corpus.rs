//! What the fuzzer knows, replayed by a stable compiler.

use std::fs;
use std::path::Path;

use crate::promises;

#[test]
fn every_input_of_the_corpus_keeps_the_promises() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/headers");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 30, "the corpus is missing");
    for file in files {
        let input = fs::read(&file).unwrap();
        promises::check(&input);
        // Cut short anywhere, as a body is that was not read to its end.
        for end in 0..input.len() {
            promises::check(&input[..end]);
        }
    }
}
