//! Steps that test the packed tarball: what users get.
//!
//! [`mod@package`] looks into it. All others install it in a fresh [`project`] and run one contract there, the same checks in
//! every runtime ([`mod@runtimes`], [`mod@browsers`], [`mod@workerd`]) and in what every bundler makes of it ([`mod@bundlers`]). Each
//! program says in one line how the contract went; the lines become a [`matrix`].

mod browsers;
mod bundlers;
mod matrix;
mod package;
mod project;
mod runtimes;
mod workerd;

pub use browsers::browsers;
pub use bundlers::bundlers;
pub use package::package;
pub use runtimes::runtimes;
pub use workerd::workerd;
