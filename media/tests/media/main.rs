//! What `media` promises. One binary, so that it links once.

mod decode;
mod loudness_wav;
mod noise;
mod resample;
mod segmenter;
mod speech;
mod speech_queue;
mod stable_prefix;
mod support;
