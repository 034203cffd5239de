//! What a request is about: whose API, which model, how large.
