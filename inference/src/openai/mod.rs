//! The client of OpenAI-compatible chat completions, as a translator.

mod answer;
mod prompt;
mod sse;
mod translator;

pub use translator::ChatTranslator;
