//! What exists only outside browsers.
//!
//! Of the modules found here in the published crate, audio processing, mixing, resampling and pixel conversion
//! are left out: `livekit` does not use them.

pub mod frame_cryptor;
pub mod packet_trailer;

/// A random version 4 UUID in lower-case text.
pub fn create_random_uuid() -> String {
    crate::rtc::random_uuid()
}
