//! Whole-system tests, and what they share: a real LiveKit server as a child process.

mod livekit_server;

pub use livekit_server::LiveKitServer;

use std::sync::Once;

/// Chooses the TLS provider for the process. With two of them in the build, rustls panics unless one is chosen.
pub fn install_crypto_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that somebody chose before, which is just as well.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    });
}
