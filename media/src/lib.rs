//! Audio without I/O: frames, decoding, resampling, voice activity, segments, stable text and paced speech.
//!
//! Nothing here has a clock, a socket or a runtime. **Time is a sample index.** Every stage is `push(input)`, then
//! `poll()` until it returns `None`, and gives the same result however the input was cut into pushes.
//!
//! ```text
//! file ──▶ decode ─┐
//! room ────────────┴▶ resample ──▶ segmenter(vad) ──▶ utterances      speech ──▶ speech_queue ──▶ frames
//! ```

pub mod decode;
pub mod frame;
pub mod loudness;
pub mod resample;
pub mod segmenter;
pub mod speech_queue;
pub mod stable_prefix;
pub mod vad;
pub mod wav;

pub use frame::{ASR_HZ, AudioFrame, ms_to_samples, samples_to_ms};
