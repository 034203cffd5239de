//! A seeded, virtual-time model of rate-limited servers.
