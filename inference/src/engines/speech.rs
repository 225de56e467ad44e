//! Text to speech by Flite (English) and eSpeak NG (Spanish, Catalan, and English where there is no Flite).
//!
//! A program a sentence: both answer within some 50 ms, of which starting is the least. Festival's Catalan HTS voice
//! sounds better than eSpeak's, but takes most of a second of processor time a sentence, which live speech has not got.

use std::{process::Stdio, sync::Arc, time::Duration};

use media::AudioFrame;
use tokio::{
    io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _},
    process::Command,
    sync::Semaphore,
    time::timeout,
};

use super::{EngineError, Missing, programs};

/// Programs that run at once.
const RUNNING: usize = 2;
/// Sentences that may run or wait.
const ADMITTED: usize = 32;
/// One sentence takes at most this long, waiting aside.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The longest text, in bytes.
pub(super) const MAX_TEXT_BYTES: usize = 4 << 10;
/// Several minutes of speech.
const MAX_WAV_BYTES: u64 = 32 << 20;
/// The languages, as they are told.
const SUPPORTED: &str = "en, es, ca";

/// Speaks.
#[derive(Clone, Debug)]
pub(super) struct Speaker {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    has_flite: bool,
    missing: Option<Missing>,
}

impl Speaker {
    pub(super) fn start() -> Self {
        Self {
            running: Arc::new(Semaphore::new(RUNNING)),
            admitted: Arc::new(Semaphore::new(ADMITTED)),
            has_flite: programs::find("flite").is_some(),
            missing: missing().into_iter().next(),
        }
    }

    /// Speaks `text` in the language whose primary subtag is `language`.
    ///
    /// Cancel-safe: dropping the future ends the program.
    pub(super) async fn speak(&self, text: &str, language: &str) -> Result<AudioFrame, EngineError> {
        let voice = match language {
            "en" => "en-us",
            "es" => "es",
            "ca" => "ca",
            other => {
                let language = other.to_owned();
                return Err(EngineError::UnsupportedLanguage { language, supported: SUPPORTED });
            }
        };
        let text = speakable(text);
        if text.is_empty() {
            return Err(EngineError::Empty);
        }
        if text.len() > MAX_TEXT_BYTES {
            return Err(EngineError::TooLarge { what: "the text", limit: MAX_TEXT_BYTES });
        }
        let flite = ["-voice", "slt", "-f", "/dev/stdin", "-o", "/dev/stdout"];
        let espeak = ["-b", "1", "-s", "165", "--stdin", "--stdout", "-v", voice];
        let (program, arguments) = if language == "en" && self.has_flite {
            ("flite", flite.as_slice())
        } else if let Some(missing) = &self.missing {
            return Err(EngineError::Missing(missing.clone()));
        } else {
            ("espeak-ng", espeak.as_slice())
        };
        let ended = |_| EngineError::Failed("the engines are ending".to_owned());
        let _admitted = self.admitted.try_acquire().map_err(|_| EngineError::Busy)?;
        let _running = self.running.acquire().await.map_err(ended)?;
        let wav =
            timeout(TIMEOUT, run(program, arguments, &text)).await.map_err(|_| EngineError::TimedOut)?;
        let wav = wav.map_err(|error| EngineError::Failed(format!("{program}: {error}")))?;
        pcm(&wav).ok_or_else(|| EngineError::Failed(format!("{program} gave no audio")))
    }
}

/// The text on one line, without what eSpeak would take for phonemes.
fn speakable(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").replace("[[", "[ [")
}

/// Runs a program with `text` on its standard input; what it wrote to its standard output, which is a file without a
/// name, for Flite seeks in it.
async fn run(program: &str, arguments: &[&str], text: &str) -> std::io::Result<Vec<u8>> {
    let output = tempfile::tempfile()?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(output.try_clone()?)
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(text.as_bytes()).await?;
        stdin.write_all(b"\n").await?;
    }
    let status = child.wait().await?;
    if !status.success() {
        return Err(std::io::Error::other(status.to_string()));
    }
    let mut output = tokio::fs::File::from_std(output);
    output.rewind().await?;
    let mut wav = Vec::new();
    output.take(MAX_WAV_BYTES).read_to_end(&mut wav).await?;
    Ok(wav)
}

/// Mono 16-bit PCM out of a WAV whose lengths were written before they were known, as on every pipe.
fn pcm(wav: &[u8]) -> Option<AudioFrame> {
    let u32_at = |at: usize| Some(u32::from_le_bytes(wav.get(at..at + 4)?.try_into().ok()?));
    let mut rate = None;
    let mut at = 12;
    loop {
        let (name, length) = (wav.get(at..at + 4)?, u32_at(at + 4)? as usize);
        at += 8;
        match name {
            b"fmt " => rate = u32_at(at + 4),
            b"data" => break,
            _ => {}
        }
        at = at.checked_add(length)?;
    }
    let samples: Vec<i16> =
        wav.get(at..)?.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    if samples.is_empty() { None } else { Some(AudioFrame::mono(samples, rate?)) }
}

/// What is not installed. Flite is a luxury.
pub(super) fn missing() -> Vec<Missing> {
    programs::missing("espeak-ng", "espeak-ng").into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_language_is_spoken() {
        let speaker = Speaker::start();
        assert_eq!(speaker.missing, None);
        for (language, text) in [
            ("en", "Good morning everyone."),
            ("es", "Buenos días a todos."),
            ("ca", "Bon dia a tothom, l'any que ve."),
        ] {
            let speech = speaker.speak(text, language).await.expect(language);
            assert!((700..6_000).contains(&speech.duration_ms()), "{language}: {} ms", speech.duration_ms());
            let loudest = speech.samples.iter().map(|sample| sample.unsigned_abs()).max();
            assert!(loudest > Some(3_000), "{language}: {loudest:?}");
        }
    }

    #[tokio::test]
    async fn text_is_never_an_option_nor_a_command() {
        let speaker = Speaker::start();
        for text in [
            "--help",
            "-w /tmp/ilenia-injected.wav",
            "$(touch /tmp/ilenia-injected)",
            "`x`; | & <p>",
            "[[h@]]",
        ] {
            for language in ["en", "es"] {
                speaker.speak(text, language).await.expect(text);
            }
        }
        assert!(!std::path::Path::new("/tmp/ilenia-injected.wav").exists());
        assert!(!std::path::Path::new("/tmp/ilenia-injected").exists());
    }

    #[tokio::test]
    async fn what_cannot_be_spoken_is_refused() {
        let speaker = Speaker::start();
        assert_eq!(speaker.speak(" \n", "en").await, Err(EngineError::Empty));
        assert!(matches!(speaker.speak("Hallo", "de").await, Err(EngineError::UnsupportedLanguage { .. })));
        assert!(matches!(speaker.speak(&"x".repeat(5000), "en").await, Err(EngineError::TooLarge { .. })));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_audio_or_none(bytes: Vec<u8>) {
            let _ = pcm(&bytes);
        }
    }
}
