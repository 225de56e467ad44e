//! Sound from files and into files.

pub(crate) mod mixer;
pub(crate) mod playback;
pub(crate) mod wav_file;
