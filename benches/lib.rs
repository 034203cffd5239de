//! Benchmarks of the core, each a program in `rust/`. Those of the package beside its peers are in `js/`.
