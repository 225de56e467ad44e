//! What the speakers say: the sample talk, spoken by flite.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

pub(crate) const SPEECH_HZ: u32 = 16_000;

/// Silence behind each sentence.
const PAUSE: Duration = Duration::from_millis(1_200);

/// How many sentences each speaker says.
const COUNT: usize = 8;

/// One sentence, mono, [`SPEECH_HZ`], with its pause.
pub(crate) struct Sentence {
    pub(crate) samples: Vec<i16>,
    /// The last sample that is not silence.
    pub(crate) last_voiced: usize,
}

/// Speaks the sample talk. Errors: flite is not installed.
pub(crate) async fn sentences() -> Result<Arc<[Sentence]>> {
    let talk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/talk-en.txt");
    let text = std::fs::read_to_string(talk).context("reading the sample talk")?;
    let mut sentences = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()).take(COUNT) {
        sentences.push(speak(line).await?);
    }
    Ok(sentences.into())
}

async fn speak(text: &str) -> Result<Sentence> {
    let file = std::env::temp_dir().join(format!("ilenia-bench-{}.wav", std::process::id()));
    let status = Command::new("flite").args(["-voice", "slt", "-t", text, "-o"]).arg(&file).status().await;
    ensure!(status.context("flite speaks the sample; apt-get install flite")?.success(), "flite failed");
    let wav = std::fs::read(&file)?;
    std::fs::remove_file(&file)?;
    // flite writes the plain 44-byte header, 16 000 Hz, mono, 16 bit.
    let (header, data) = wav.split_at_checked(44).context("flite wrote no WAV")?;
    ensure!(header[24..28] == SPEECH_HZ.to_le_bytes(), "flite's slt voice has 16 000 Hz");
    let mut samples: Vec<i16> = data.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
    let last_voiced = samples.iter().rposition(|&s| s.unsigned_abs() > 300).context("flite said nothing")?;
    samples.resize(samples.len() + (PAUSE.as_millis() as usize * SPEECH_HZ as usize / 1000), 0);
    samples.resize(samples.len().next_multiple_of(SPEECH_HZ as usize / 100), 0);
    Ok(Sentence { samples, last_voiced })
}
