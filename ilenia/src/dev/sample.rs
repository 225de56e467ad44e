//! The demonstration's voice: English sentences, spoken by flite while it starts.

use std::{io, path::Path, process::Stdio};

use media::decode::{DecodeLimits, decode_mono};

use crate::{
    failure::{Failure, Kind},
    recording::playback::PLAYBACK_HZ,
};

/// One sentence a line.
const TALK: &str = include_str!("../../../examples/talk-en.txt");

/// The sentences of the talk.
pub(crate) fn sentences() -> Vec<&'static str> {
    TALK.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// Speaks a sentence: mono at [`PLAYBACK_HZ`].
///
/// Errors: flite is not installed, or fails.
pub(crate) async fn speak(sentence: &str) -> Result<Vec<i16>, Failure> {
    let wav = run_flite(sentence).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::new(Kind::Unavailable, "flite is not installed")
            .hint("it is the voice of the demonstration: `make setup`, or: apt-get install flite"),
        _ => failed(&error),
    })?;
    decode_mono(wav, PLAYBACK_HZ, DecodeLimits::default()).map_err(|error| failed(&error))
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Kind::Unavailable, format!("flite could not speak the sample: {error}"))
}

async fn run_flite(sentence: &str) -> io::Result<Vec<u8>> {
    let directory = tempfile::tempdir()?;
    let path: &Path = &directory.path().join("sentence.wav");
    let output = tokio::process::Command::new("flite")
        .args(["-voice", "slt", "-t", sentence, "-o"])
        .arg(path)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    tokio::fs::read(path).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_talk_has_sentences() {
        assert!(sentences().len() >= 10);
        assert!(sentences().iter().all(|sentence| sentence.split_whitespace().count() >= 3));
    }
}
