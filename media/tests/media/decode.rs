//! Files of every kind, whole and damaged. The kinds that we cannot write ourselves are written by ffmpeg.

use std::collections::HashMap;
use std::process::Command;
use std::sync::OnceLock;

use media::decode::{DecodeError, DecodeLimits, Decoder, decode, decode_mono};
use media::wav;
use proptest::prelude::*;

/// One second, stereo, 44 100 Hz: 500 Hz left, 700 Hz right.
fn source() -> Vec<i16> {
    (0..44_100)
        .flat_map(|n| {
            [500.0, 700.0]
                .map(|hz| (9_000.0 * (std::f64::consts::TAU * hz * f64::from(n) / 44_100.0).sin()) as i16)
        })
        .collect()
}

/// `source` in each format.
fn files() -> &'static HashMap<&'static str, Vec<u8>> {
    static FILES: OnceLock<HashMap<&'static str, Vec<u8>>> = OnceLock::new();
    FILES.get_or_init(|| {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let original = directory.path().join("original.wav");
        std::fs::write(&original, wav::encode(&source(), 44_100, 2)).expect("a file can be written");
        let formats = [
            ("u8.wav", "pcm_u8"),
            ("s24.wav", "pcm_s24le"),
            ("f32.wav", "pcm_f32le"),
            ("alaw.wav", "pcm_alaw"),
            ("adpcm.wav", "adpcm_ima_wav"),
            ("x.flac", "flac"),
            ("x.mp3", "libmp3lame"),
            ("vorbis.ogg", "libvorbis"),
            ("opus.ogg", "libopus"),
        ];
        let mut files = HashMap::from([("s16.wav", std::fs::read(&original).expect("it was just written"))]);
        for (name, codec) in formats {
            let path = directory.path().join(name);
            let status = Command::new("ffmpeg")
                .args(["-nostdin", "-v", "error", "-i"])
                .arg(&original)
                .args(["-c:a", codec])
                .arg(&path)
                .status()
                .expect("this test needs the program `ffmpeg` (apt-get install ffmpeg)");
            assert!(status.success(), "ffmpeg could not write {name}");
            files.insert(name, std::fs::read(path).expect("ffmpeg wrote it"));
        }
        files
    })
}

fn snr_db(actual: &[i16], wanted: &[i16]) -> f64 {
    let inner = 2_000..wanted.len() - 2_000;
    let signal: f64 = wanted[inner.clone()].iter().map(|&x| f64::from(x).powi(2)).sum();
    let error: f64 = inner.map(|n| (f64::from(actual[n]) - f64::from(wanted[n])).powi(2)).sum();
    10.0 * (signal / error.max(1.0)).log10()
}

#[test]
fn lossless_files_decode_to_what_was_written() {
    for (name, least_db) in
        [("s16.wav", 120.0), ("x.flac", 120.0), ("s24.wav", 80.0), ("f32.wav", 80.0), ("u8.wav", 30.0)]
    {
        let decoded = decode(files()[name].clone(), DecodeLimits::default()).unwrap();
        assert_eq!((decoded.sample_rate_hz, decoded.channels), (44_100, 2), "{name}");
        assert_eq!(decoded.samples.len(), source().len(), "{name}");
        assert!(
            snr_db(&decoded.samples, &source()) > least_db,
            "{name}: {}",
            snr_db(&decoded.samples, &source())
        );
    }
}

#[test]
fn lossy_files_decode_to_the_same_sound_at_the_same_time() {
    for (name, least_db) in [("alaw.wav", 30.0), ("x.mp3", 25.0), ("vorbis.ogg", 15.0)] {
        let decoded = decode(files()[name].clone(), DecodeLimits::default()).unwrap();
        assert_eq!((decoded.sample_rate_hz, decoded.channels), (44_100, 2), "{name}");
        assert!(
            decoded.samples.len().abs_diff(source().len()) <= 2 * 2_304,
            "{name}: {}",
            decoded.samples.len()
        );
        assert!(
            snr_db(&decoded.samples, &source()) > least_db,
            "{name}: {}",
            snr_db(&decoded.samples, &source())
        );
    }
}

#[test]
fn opus_in_ogg_decodes_without_its_pre_skip_and_its_padding() {
    let decoded = decode(files()["opus.ogg"].clone(), DecodeLimits::default()).unwrap();
    assert_eq!((decoded.sample_rate_hz, decoded.channels), (48_000, 2));
    assert_eq!(decoded.samples_per_channel(), 48_000);
    let mono = decode_mono(files()["opus.ogg"].clone(), 16_000, DecodeLimits::default()).unwrap();
    let wanted = decode_mono(files()["s16.wav"].clone(), 16_000, DecodeLimits::default()).unwrap();
    assert_eq!(mono.len(), 16_000);
    assert!(snr_db(&mono, &wanted) > 15.0, "{}", snr_db(&mono, &wanted));
}

#[test]
fn each_failure_has_its_name() {
    let limits = DecodeLimits::default();
    assert_eq!(decode(Vec::new(), limits), Err(DecodeError::Empty));
    assert_eq!(decode(wav::encode(&[], 16_000, 1), limits), Err(DecodeError::Empty));
    assert!(matches!(
        decode(b"<html>no such file</html>".repeat(50), limits),
        Err(DecodeError::Unreadable(_))
    ));
    assert!(matches!(decode(files()["adpcm.wav"].clone(), limits), Err(DecodeError::UnsupportedCodec(_))));
    let short = DecodeLimits { max_ms: 500, ..limits };
    assert!(matches!(decode(files()["x.mp3"].clone(), short), Err(DecodeError::TooLong(_))));
    let small = DecodeLimits { max_bytes: 1_000, ..limits };
    assert!(matches!(decode(files()["s16.wav"].clone(), small), Err(DecodeError::TooLong(_))));
}

#[test]
fn a_file_that_breaks_off_gives_what_there_is() {
    for name in ["s16.wav", "x.flac", "x.mp3", "vorbis.ogg", "opus.ogg"] {
        let bytes = &files()[name];
        let part = decode(bytes[..bytes.len() * 2 / 3].to_vec(), DecodeLimits::default());
        // One second of Opus may be a single Ogg page, and half a page is none.
        if name != "opus.ogg" && name != "vorbis.ogg" {
            assert!(part.unwrap().duration_ms() > 300, "{name}");
        }
    }
}

#[test]
fn a_wav_stream_of_unknown_length_is_read_to_its_end() {
    for declared in [0_u32, u32::MAX] {
        let mut bytes = wav::encode(&source(), 44_100, 2);
        bytes[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        bytes[40..44].copy_from_slice(&declared.to_le_bytes());
        let decoded = decode(bytes, DecodeLimits::default());
        assert_eq!(decoded.map(|frame| frame.samples.len()), Ok(source().len()), "declared {declared}");
    }
}

#[test]
fn after_the_end_and_after_an_error_there_is_nothing() {
    let mut decoder = Decoder::new(files()["s16.wav"].clone(), DecodeLimits::default()).unwrap();
    assert!(decoder.by_ref().all(|block| block.is_ok()));
    assert!(decoder.next().is_none());
    let mut decoder = Decoder::new(wav::encode(&[], 16_000, 1), DecodeLimits::default()).unwrap();
    assert!(decoder.next().is_some_and(|block| block.is_err()));
    assert!(decoder.next().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn damaged_files_give_audio_or_an_error(
        name in prop::sample::select(vec!["s16.wav", "f32.wav", "x.flac", "x.mp3", "vorbis.ogg", "opus.ogg"]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40),
        near_start in prop::collection::vec((0..200_usize, any::<u8>()), 0..6),
        keep in 0.0..1.0_f64,
    ) {
        let mut bytes = files()[name].clone();
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        for (at, value) in near_start {
            bytes[at] = value;
        }
        bytes.truncate((bytes.len() as f64 * keep.sqrt()) as usize);
        // Any answer will do. (`symphonia` 0.6.1 does panic on some WAV headers where overflow is checked; that is an
        // error of the file like any other.)
        let _ = decode_mono(bytes, 16_000, DecodeLimits { max_ms: 10_000, ..DecodeLimits::default() });
    }

    #[test]
    fn arbitrary_bytes_give_audio_or_an_error(
        magic in prop::sample::select(vec![&b"RIFF"[..], b"OggS", b"fLaC", b"ID3", b"\xff\xfb", b""]),
        bytes in prop::collection::vec(any::<u8>(), 0..4_000),
    ) {
        let _ = decode([magic, &bytes].concat(), DecodeLimits { max_ms: 10_000, ..DecodeLimits::default() });
    }
}
