//! The bytes of a file as text.

/// Larger files are refused: an event takes a kilobyte or two, so that this is some hundred thousand of them.
pub const MAX_FILE_BYTES: usize = 256 << 20;

/// The file cannot be read as a whole; nothing of it is taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableFile {
    /// More than [`MAX_FILE_BYTES`].
    #[error("the file is larger than {} MiB: import it in parts", MAX_FILE_BYTES >> 20)]
    TooLarge,
    /// Nothing, or white space alone.
    #[error("the file is empty")]
    Empty,
    /// Another encoding.
    #[error(
        "the file is not text in UTF-8 (byte {at} is wrong): convert it, for example with `iconv -t utf-8`"
    )]
    NotUtf8 {
        /// The first byte that is wrong, from 0.
        at: usize,
    },
    /// UTF-16 that is damaged.
    #[error("the file begins as UTF-16 and is not: convert it to UTF-8")]
    NotUtf16,
    /// Not JSON, or only the beginning of it.
    #[error("the file is not JSON: {0}")]
    NotJson(String),
    /// It breaks off.
    #[error("the file breaks off before its end (line {line}): it is an incomplete copy")]
    Truncated {
        /// The last line, from 1.
        line: usize,
    },
    /// JSON, but neither a list nor a map of events.
    #[error("the file holds {0}; expected is a list of events, a map from id to event, or {{\"events\": …}}")]
    NoEvents(&'static str),
}

/// UTF-8, with or without byte order mark, or UTF-16 with one.
pub(super) fn decode(bytes: Vec<u8>) -> Result<String, UnreadableFile> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(UnreadableFile::TooLarge);
    }
    let text = match bytes.as_slice() {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest.to_vec(), 3)?,
        _ => utf8(bytes, 0)?,
    };
    if text.trim().is_empty() { Err(UnreadableFile::Empty) } else { Ok(text) }
}

fn utf8(bytes: Vec<u8>, skipped: usize) -> Result<String, UnreadableFile> {
    String::from_utf8(bytes)
        .map_err(|error| UnreadableFile::NotUtf8 { at: skipped + error.utf8_error().valid_up_to() })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, UnreadableFile> {
    let pairs = bytes.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return Err(UnreadableFile::NotUtf16);
    }
    let units = pairs.map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).collect::<Result<_, _>>().map_err(|_| UnreadableFile::NotUtf16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_no_obstacle() {
        assert_eq!(decode(b"\xEF\xBB\xBF[]".to_vec()).as_deref(), Ok("[]"));
        assert_eq!(decode(b"\xFF\xFE[\0]\0".to_vec()).as_deref(), Ok("[]"));
        assert_eq!(decode(b"\xFE\xFF\0[\0]".to_vec()).as_deref(), Ok("[]"));
    }

    #[test]
    fn what_is_not_text_is_named() {
        assert_eq!(decode(b" \n".to_vec()), Err(UnreadableFile::Empty));
        assert_eq!(decode(b"\xFF\xFE[".to_vec()), Err(UnreadableFile::NotUtf16));
        assert_eq!(decode(b"\xFF\xFE\x00\xD8".to_vec()), Err(UnreadableFile::NotUtf16));
        assert_eq!(decode(b"[\"caf\xE9\"]".to_vec()), Err(UnreadableFile::NotUtf8 { at: 5 }));
        assert_eq!(decode(vec![b' '; MAX_FILE_BYTES + 1]), Err(UnreadableFile::TooLarge));
    }
}
