//! A sound file, decoded piece by piece while it is played.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use media::{
    decode::{DecodeError, DecodeLimits, Decoder},
    resample::MonoResampler,
};
use tokio::sync::mpsc;

use crate::failure::{Failure, Kind};

/// The rate of what is played: the one WebRTC carries.
pub(crate) const PLAYBACK_HZ: u32 = 48_000;

/// Samples of one piece: 100 ms.
const PIECE_SAMPLES: usize = PLAYBACK_HZ as usize / 10;
/// Decoded pieces that wait to be played.
const PIECES_AHEAD: usize = 20;

/// A file being decoded on a thread of its own.
#[derive(Debug)]
pub(crate) struct Playback {
    path: PathBuf,
    first: Option<Vec<i16>>,
    pieces: mpsc::Receiver<Result<Vec<i16>, DecodeError>>,
}

impl Playback {
    /// Reads the file (`-`: standard input) and decodes its beginning.
    ///
    /// Errors: it cannot be read, or is no sound that we know.
    pub(crate) async fn open(path: &Path, repeat: bool) -> Result<Self, Failure> {
        let limits = DecodeLimits::default();
        let source = path.to_owned();
        let bytes = tokio::task::spawn_blocking(move || read(&source, limits.max_bytes))
            .await
            .map_err(|error| Failure::new(Kind::Other, error.to_string()))?
            .map_err(|error| {
                Failure::new(Kind::NoInput, format!("cannot read {}: {error}", path.display()))
            })?;
        let (sender, mut pieces) = mpsc::channel(PIECES_AHEAD);
        std::thread::spawn(move || decode(&bytes, limits, repeat, &sender));
        match pieces.recv().await {
            Some(Ok(first)) => Ok(Self { path: path.to_owned(), first: Some(first), pieces }),
            Some(Err(error)) => Err(unreadable(path, &error)),
            None => Err(unreadable(path, &DecodeError::Empty)),
        }
    }

    /// The next piece: mono at [`PLAYBACK_HZ`], a multiple of 10 ms long; `None` at the end. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<i16>>, Failure> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        match self.pieces.recv().await {
            Some(Ok(piece)) => Ok(Some(piece)),
            Some(Err(error)) => Err(unreadable(&self.path, &error)),
            None => Ok(None),
        }
    }
}

fn unreadable(path: &Path, error: &DecodeError) -> Failure {
    Failure::new(Kind::NoInput, format!("cannot play {}: {error}", path.display()))
        .hint("WAV, FLAC, MP3, Ogg Vorbis and Ogg Opus can be played")
}

/// At most one byte more than allowed, by which the decoder sees that it is too much.
fn read(path: &Path, max_bytes: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().lock().take(max_bytes + 1).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(path)?.take(max_bytes + 1).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Decodes until the end or until nobody wants it any more.
fn decode(
    bytes: &[u8],
    limits: DecodeLimits,
    repeat: bool,
    pieces: &mpsc::Sender<Result<Vec<i16>, DecodeError>>,
) {
    loop {
        match decode_once(bytes, limits, pieces) {
            Ok(true) if repeat => {}
            Ok(_) => return,
            Err(error) => {
                let _nobody_wants_it = pieces.blocking_send(Err(error));
                return;
            }
        }
    }
}

/// Whether all of it was wanted.
fn decode_once(
    bytes: &[u8],
    limits: DecodeLimits,
    pieces: &mpsc::Sender<Result<Vec<i16>, DecodeError>>,
) -> Result<bool, DecodeError> {
    let mut resampler: Option<MonoResampler> = None;
    let mut waiting = Vec::with_capacity(2 * PIECE_SAMPLES);
    for block in Decoder::new(bytes.to_vec(), limits)? {
        let block = block?;
        let resampler = match &mut resampler {
            Some(resampler) => resampler,
            none => {
                let made = MonoResampler::new(block.sample_rate_hz, block.channels, PLAYBACK_HZ)
                    .map_err(|error| DecodeError::UnsupportedCodec(error.to_string()))?;
                none.insert(made)
            }
        };
        resampler.push(&block.samples);
        while let Some(samples) = resampler.poll() {
            waiting.extend_from_slice(&samples);
        }
        while waiting.len() >= PIECE_SAMPLES {
            let rest = waiting.split_off(PIECE_SAMPLES);
            if pieces.blocking_send(Ok(std::mem::replace(&mut waiting, rest))).is_err() {
                return Ok(false);
            }
        }
    }
    let Some(mut resampler) = resampler else { return Err(DecodeError::Empty) };
    resampler.flush();
    while let Some(samples) = resampler.poll() {
        waiting.extend_from_slice(&samples);
    }
    waiting.resize(waiting.len().next_multiple_of(PLAYBACK_HZ as usize / 100), 0);
    if waiting.is_empty() {
        return Ok(true);
    }
    for piece in waiting.chunks(PIECE_SAMPLES) {
        if pieces.blocking_send(Ok(piece.to_vec())).is_err() {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(mut playback: Playback) -> Vec<i16> {
        let mut samples = Vec::new();
        while let Some(piece) = playback.next().await.expect("decodes") {
            assert_eq!(piece.len() % (PLAYBACK_HZ as usize / 100), 0);
            samples.extend(piece);
        }
        samples
    }

    #[tokio::test]
    async fn any_rate_and_channel_count_is_played_as_one_channel_at_48_khz() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("stereo.wav");
        let stereo: Vec<i16> = std::iter::repeat_n([1_000, 3_000], 44_100).flatten().collect();
        std::fs::write(&path, media::wav::encode(&stereo, 44_100, 2)).expect("written");
        let samples = all(Playback::open(&path, false).await.expect("opens")).await;
        assert_eq!(samples.len(), PLAYBACK_HZ as usize);
        assert!((1_900..2_100).contains(&samples[24_000]), "{}", samples[24_000]);
    }

    #[tokio::test]
    async fn a_loop_goes_on_after_the_end() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("short.wav");
        std::fs::write(&path, media::wav::encode_mono(&[7; 480], 48_000)).expect("written");
        let mut playback = Playback::open(&path, true).await.expect("opens");
        for _ in 0..50 {
            assert_eq!(playback.next().await.expect("decodes"), Some(vec![7; 480]));
        }
    }

    #[tokio::test]
    async fn what_is_no_sound_is_refused_before_anything_else_happens() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("text.wav");
        std::fs::write(&path, "no sound").expect("written");
        for path in [path.as_path(), Path::new("/does/not/exist.wav")] {
            let failure = Playback::open(path, false).await.expect_err("no sound");
            assert_eq!(failure.exit_code, 66, "{failure}");
        }
    }
}
