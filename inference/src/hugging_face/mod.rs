//! Clients of Hugging Face inference endpoints: speech to text, and text to speech.

mod synthesizer;
mod transcriber;

pub use synthesizer::HttpSynthesizer;
pub use transcriber::HuggingFaceTranscriber;
