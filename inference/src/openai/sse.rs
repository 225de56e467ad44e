//! Server-sent events, as far as chat completions use them: the `data` of each event.
//!
//! Source: WHATWG HTML, section 9.2.6 "Interpreting an event stream".

/// A decoder that takes bytes cut up anywhere. One event is at most `max_bytes` long.
#[derive(Debug)]
pub(crate) struct EventDecoder {
    line: Vec<u8>,
    data: String,
    has_data: bool,
    after_cr: bool,
    max_bytes: usize,
}

/// An event or a line longer than the bound.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl EventDecoder {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { line: Vec::new(), data: String::new(), has_data: false, after_cr: false, max_bytes }
    }

    /// Takes more bytes and gives the data of the events that they complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<String>, TooLong> {
        let mut events = Vec::new();
        for &byte in bytes {
            let after_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => events.extend(self.end_line()?),
                _ if self.line.len() >= self.max_bytes => return Err(TooLong),
                _ => self.line.push(byte),
            }
        }
        Ok(events)
    }

    /// The stream ended: an event whose empty line is missing counts, for some servers leave it out.
    pub(crate) fn finish(mut self) -> Result<Option<String>, TooLong> {
        let last = self.end_line()?;
        Ok(last.or_else(|| self.end_event()))
    }

    fn end_line(&mut self) -> Result<Option<String>, TooLong> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return Ok(self.end_event());
        }
        let (name, value) = match line.iter().position(|&byte| byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (&line[..], &[][..]),
        };
        let name = name.strip_prefix("\u{feff}".as_bytes()).unwrap_or(name);
        if name == b"data" {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            if self.data.len() + value.len() > self.max_bytes {
                return Err(TooLong);
            }
            if self.has_data {
                self.data.push('\n');
            }
            self.has_data = true;
            self.data.push_str(&String::from_utf8_lossy(value));
        }
        Ok(None)
    }

    fn end_event(&mut self) -> Option<String> {
        let data = std::mem::take(&mut self.data);
        std::mem::take(&mut self.has_data).then_some(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(pieces: &[&[u8]]) -> Vec<String> {
        let mut decoder = EventDecoder::new(1 << 16);
        let mut events: Vec<String> =
            pieces.iter().flat_map(|piece| decoder.push(piece).expect("short enough")).collect();
        events.extend(decoder.finish().expect("short enough"));
        events
    }

    #[test]
    fn data_of_events_is_found_among_comments_and_other_fields() {
        let stream = b": hello\n\nevent: x\ndata: one\nid: 5\n\ndata:two\r\ndata: three\r\n\r\nretry: 3\n\ndata: [DONE]";
        assert_eq!(decode(&[stream]), ["one", "two\nthree", "[DONE]"]);
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut decoder = EventDecoder::new(100);
        assert_eq!(decoder.push(&[b'x'; 200]), Err(TooLong));
        let mut decoder = EventDecoder::new(100);
        let result = (0..50).try_for_each(|_| decoder.push(b"data: 0123456789\n").map(|_| ()));
        assert_eq!(result, Err(TooLong));
    }

    proptest! {
        #[test]
        fn events_are_the_same_however_the_stream_is_cut(
            texts in prop::collection::vec("[^\r\n]{0,20}", 0..6),
            cuts in prop::collection::vec(0_usize..200, 0..8),
            end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        ) {
            let events: Vec<String> = texts.iter().map(|text| format!("data: {text}{end}{end}")).collect();
            let stream = events.concat();
            let bytes = stream.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(decode(&pieces), texts);
        }

        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let mut decoder = EventDecoder::new(64);
            if decoder.push(&bytes).is_ok() {
                let _ = decoder.finish();
            }
        }
    }
}
