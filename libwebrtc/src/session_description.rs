//! Offers and answers as text.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// The role of a description in the offer/answer exchange (RFC 9429).
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub enum SdpType {
    /// A proposal.
    Offer,
    /// A provisional answer; accepted in the types, refused by the peer connection.
    PrAnswer,
    /// The final answer.
    Answer,
    /// Takes back a pending offer.
    Rollback,
}

impl FromStr for SdpType {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "offer" => Ok(Self::Offer),
            "pranswer" => Ok(Self::PrAnswer),
            "answer" => Ok(Self::Answer),
            "rollback" => Ok(Self::Rollback),
            _ => Err("invalid SdpType"),
        }
    }
}

impl fmt::Display for SdpType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Offer => "offer",
            Self::PrAnswer => "pranswer",
            Self::Answer => "answer",
            Self::Rollback => "rollback",
        })
    }
}

/// A line of SDP that could not be read.
#[derive(Clone, Error, Debug)]
#[error("cannot read SDP line `{line}`: {description}")]
pub struct SdpParseError {
    /// The offending line.
    pub line: String,
    /// What is wrong with it.
    pub description: String,
}

/// A session description: its role and its SDP text.
#[derive(Clone)]
pub struct SessionDescription {
    sdp_type: SdpType,
    sdp: String,
}

impl SessionDescription {
    /// Checks the form of the text (RFC 8866: `v=0` first, then `<letter>=<value>` lines) and keeps it as it is.
    ///
    /// # Errors
    /// With the first line that does not have that form. The content is judged when it is applied.
    pub fn parse(sdp: &str, sdp_type: SdpType) -> Result<Self, SdpParseError> {
        if sdp_type != SdpType::Rollback {
            check_form(sdp)?;
        }
        Ok(Self::new(sdp_type, sdp.to_owned()))
    }

    pub(crate) fn new(sdp_type: SdpType, sdp: String) -> Self {
        Self { sdp_type, sdp }
    }

    /// The role of this description.
    pub fn sdp_type(&self) -> SdpType {
        self.sdp_type
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.sdp
    }
}

fn check_form(sdp: &str) -> Result<(), SdpParseError> {
    let fail = |line: &str, description: &str| {
        Err(SdpParseError { line: line.to_owned(), description: description.to_owned() })
    };
    let mut lines = sdp.lines().map(str::trim_end).filter(|line| !line.is_empty());
    match lines.next() {
        Some("v=0") => {}
        other => return fail(other.unwrap_or_default(), "expected v=0"),
    }
    for line in lines {
        let mut characters = line.chars();
        let letter = characters.next().is_some_and(|c| c.is_ascii_lowercase());
        if !letter || characters.next() != Some('=') {
            return fail(line, "expected <letter>=<value>");
        }
    }
    Ok(())
}

impl fmt::Display for SessionDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sdp)
    }
}

impl fmt::Debug for SessionDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionDescription").field("sdp_type", &self.sdp_type).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{SdpType, SessionDescription};

    #[test]
    fn text_is_kept_as_it_is() {
        let sdp = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
        let description = SessionDescription::parse(sdp, SdpType::Offer).unwrap();
        assert_eq!(description.to_string(), sdp);
        assert_eq!(description.sdp_type(), SdpType::Offer);
    }

    #[test]
    fn malformed_text_is_refused_with_its_line() {
        let error = SessionDescription::parse("v=0\r\nnonsense\r\n", SdpType::Answer).unwrap_err();
        assert_eq!(error.line, "nonsense");
        assert!(SessionDescription::parse("", SdpType::Answer).is_err());
        assert!(SessionDescription::parse("", SdpType::Rollback).is_ok());
    }
}
