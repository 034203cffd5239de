//! What a finished request really used, read from its response body as it passes.
