//! The way from audio to segments, to translations, to speech, on `media` and `inference`.
//!
//! Nothing here knows of rooms or sockets, and nothing is spawned: each stage is an object that takes
//! input by a plain call and does its waiting in one cancel-safe `next()`. Dropping the object gives up everything it
//! has in flight. The owner's loop is always the same:
//!
//! ```no_run
//! # async fn example(mut frames: tokio::sync::mpsc::Receiver<media::AudioFrame>, mut source: pipeline::Transcription) {
//! loop {
//!     tokio::select! {
//!         frame = frames.recv() => match frame {
//!             Some(frame) => source.push(&frame).expect("a rate we know"),
//!             None => break,
//!         },
//!         Some(event) = source.next() => println!("{event:?}"),
//!     }
//! }
//! source.finish();
//! while let Some(event) = source.next().await {
//!     println!("{event:?}");
//! }
//! # }
//! ```
//!
//! ```text
//! audio ──▶ Transcription ──▶ segments ──▶ Translation ──▶ segments ──▶ Speech ──▶ SpeechFrames ──▶ audio
//!           (one a source)                 (one a language)             (one a track)
//! ```

mod bounded_map;
mod clock;
mod retry;
pub mod speech;
mod timings;
pub mod transcription;
pub mod translation;

pub use bounded_map::BoundedMap;
pub use clock::MediaClock;
pub use speech::{Speech, SpeechConfig, SpeechEvent, SpeechFrames};
pub use timings::Timings;
pub use transcription::{Transcription, TranscriptionConfig, TranscriptionEvent};
pub use translation::{Translation, TranslationConfig, TranslationEvent};

/// The text of a segment that stands for speech that was lost: everything that shows or stores captions shows the gap.
pub const GAP_TEXT: &str = "[…]";
