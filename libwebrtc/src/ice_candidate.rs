//! ICE candidates as they travel over signalling.

use std::fmt;

use crate::session_description::SdpParseError;

/// One ICE candidate with the section it belongs to.
#[derive(Clone)]
pub struct IceCandidate {
    sdp_mid: String,
    sdp_mline_index: i32,
    candidate: String,
}

impl IceCandidate {
    /// Reads a `candidate:…` line (a leading `a=` is accepted, and so is the empty end-of-candidates line).
    ///
    /// # Errors
    /// When the line is not a candidate attribute (RFC 8839, section 5.1).
    pub fn parse(sdp_mid: &str, sdp_mline_index: i32, sdp: &str) -> Result<IceCandidate, SdpParseError> {
        let line = sdp.trim();
        let line = line.strip_prefix("a=").unwrap_or(line);
        if !line.is_empty() {
            let fields = line.strip_prefix("candidate:").map_or(0, |rest| rest.split_whitespace().count());
            if fields < 8 {
                return Err(SdpParseError {
                    line: sdp.to_owned(),
                    description: "expected `candidate:` and at least eight fields".to_owned(),
                });
            }
        }
        Ok(Self::new(sdp_mid.to_owned(), sdp_mline_index, line.to_owned()))
    }

    pub(crate) fn new(sdp_mid: String, sdp_mline_index: i32, candidate: String) -> Self {
        Self { sdp_mid, sdp_mline_index, candidate }
    }

    /// The `mid` of the section the candidate belongs to.
    pub fn sdp_mid(&self) -> String {
        self.sdp_mid.clone()
    }

    /// The index of the section the candidate belongs to.
    pub fn sdp_mline_index(&self) -> i32 {
        self.sdp_mline_index
    }

    /// The candidate line, without `a=`.
    pub fn candidate(&self) -> String {
        self.candidate.clone()
    }
}

impl fmt::Display for IceCandidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.candidate)
    }
}

impl fmt::Debug for IceCandidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceCandidate").field("candidate", &self.candidate).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::IceCandidate;

    #[test]
    fn a_candidate_line_survives_with_and_without_its_attribute_prefix() {
        let line = "candidate:1 1 udp 2130706431 127.0.0.1 4444 typ host";
        let bare = IceCandidate::parse("0", 0, line).unwrap();
        let prefixed = IceCandidate::parse("0", 0, &format!("a={line}\r\n")).unwrap();
        assert_eq!(bare.to_string(), line);
        assert_eq!(prefixed.candidate(), line);
    }

    #[test]
    fn something_else_is_refused() {
        assert!(IceCandidate::parse("0", 0, "ssrc:12 cname:x").is_err());
        assert!(IceCandidate::parse("0", 0, "candidate:1 1 udp").is_err());
        assert!(IceCandidate::parse("0", 0, "").is_ok());
    }
}
