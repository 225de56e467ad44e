//! A WAV file that grows, and can be played at every moment.

use std::{
    fs::File,
    io::{self, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use media::wav::{HEADER_BYTES, header};

/// How often the length in the header is brought up to date: after as much sound.
const HEADER_EVERY_MS: u64 = 1_000;

/// A mono 16-bit WAV file being written. Its header is right at least once a second, so that also a process that is
/// killed leaves a file behind that plays.
#[derive(Debug)]
pub(crate) struct WavFile {
    file: File,
    sample_rate_hz: u32,
    data_bytes: u64,
    header_bytes_told: u64,
}

impl WavFile {
    /// Makes the file, or empties the one that is there.
    pub(crate) fn create(path: &Path, sample_rate_hz: u32) -> io::Result<Self> {
        let mut file = File::create(path)?;
        file.write_all(&header(0, sample_rate_hz, 1))?;
        Ok(Self { file, sample_rate_hz, data_bytes: 0, header_bytes_told: 0 })
    }

    /// Appends samples.
    pub(crate) fn write(&mut self, samples: &[i16]) -> io::Result<()> {
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        self.file.write_all(&bytes)?;
        self.data_bytes += bytes.len() as u64;
        let every = u64::from(self.sample_rate_hz) * 2 * HEADER_EVERY_MS / 1000;
        if self.data_bytes - self.header_bytes_told >= every { self.finish() } else { Ok(()) }
    }

    /// Brings the header up to date; more may be written afterwards.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header(self.data_bytes, self.sample_rate_hz, 1))?;
        self.file.seek(SeekFrom::Start(HEADER_BYTES as u64 + self.data_bytes))?;
        self.header_bytes_told = self.data_bytes;
        Ok(())
    }

    /// How much is in it.
    pub(crate) fn duration_ms(&self) -> u64 {
        media::samples_to_ms(self.data_bytes / 2, self.sample_rate_hz)
    }
}

impl Drop for WavFile {
    fn drop(&mut self) {
        if let Err(error) = self.finish() {
            tracing::warn!(%error, "WAV file not finished");
        }
    }
}

#[cfg(test)]
mod tests {
    use media::decode::{DecodeLimits, decode};

    use super::*;

    #[test]
    fn a_file_that_was_never_finished_plays_up_to_its_last_second() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.wav");
        let mut file = WavFile::create(&path, 16_000).expect("created");
        for _ in 0..250 {
            file.write(&[100; 160]).expect("written");
        }
        // As the file is found when the process is killed now.
        let frame = decode(std::fs::read(&path).expect("read"), DecodeLimits::default()).expect("plays");
        assert!(frame.duration_ms() >= 2_000, "{}", frame.duration_ms());
        drop(file);
        let frame = decode(std::fs::read(&path).expect("read"), DecodeLimits::default()).expect("plays");
        assert_eq!(frame.duration_ms(), 2_500);
    }
}
