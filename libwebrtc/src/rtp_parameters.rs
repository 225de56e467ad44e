//! RTP parameters and capabilities.

use crate::rtp_transceiver::RtpTransceiverDirection;

/// Relative importance of an encoding or a data channel.
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub enum Priority {
    /// Lowest.
    VeryLow,
    /// The default.
    Low,
    /// Above the default.
    Medium,
    /// Highest.
    High,
}

/// What a video encoder gives up first when bandwidth is short. Kept with the parameters, without effect here.
#[derive(Debug, Copy, Clone, PartialEq, Eq, Default)]
pub enum DegradationPreference {
    /// Keep frame rate and resolution.
    MaintainFramerateAndResolution,
    /// Keep the frame rate.
    MaintainFramerate,
    /// Keep the resolution.
    MaintainResolution,
    /// Give up some of both.
    #[default]
    Balanced,
}

impl DegradationPreference {
    /// Former name of [`DegradationPreference::MaintainFramerateAndResolution`].
    #[deprecated(since = "0.8.0", note = "use MaintainFramerateAndResolution")]
    #[allow(non_upper_case_globals)]
    pub const Disabled: Self = Self::MaintainFramerateAndResolution;
}

/// A negotiated RTP header extension.
#[derive(Debug, Clone)]
pub struct RtpHeaderExtensionParameters {
    /// URI that names the extension (RFC 8285).
    pub uri: String,
    /// Its id in RTP headers.
    pub id: i32,
    /// Whether the header extension is encrypted.
    pub encrypted: bool,
}

/// Parameters of an RTP sender or receiver.
#[derive(Debug, Clone, Default)]
pub struct RtpParameters {
    /// Negotiated codecs.
    pub codecs: Vec<RtpCodecParameters>,
    /// Negotiated header extensions.
    pub header_extensions: Vec<RtpHeaderExtensionParameters>,
    /// One entry per encoding; audio has one.
    pub encodings: Vec<RtpEncodingParameters>,
    /// RTCP parameters.
    pub rtcp: RtcpParameters,
    pub(crate) degradation_preference: Option<DegradationPreference>,
}

impl RtpParameters {
    /// Sets what a video encoder gives up first.
    pub fn set_degradation_preference(&mut self, preference: DegradationPreference) {
        self.degradation_preference = Some(preference);
    }

    /// What was set with [`RtpParameters::set_degradation_preference`].
    pub fn degradation_preference(&self) -> Option<DegradationPreference> {
        self.degradation_preference
    }
}

/// A negotiated codec.
#[derive(Debug, Clone, Default)]
pub struct RtpCodecParameters {
    /// Payload type in RTP headers.
    pub payload_type: u8,
    /// Such as `audio/opus`.
    pub mime_type: String,
    /// RTP clock rate in Hz.
    pub clock_rate: Option<u64>,
    /// Number of audio channels.
    pub channels: Option<u16>,
}

/// RTCP parameters.
#[derive(Debug, Clone, Default)]
pub struct RtcpParameters {
    /// Canonical name of the source (RFC 3550).
    pub cname: String,
    /// Whether reduced-size RTCP (RFC 5506) is used.
    pub reduced_size: bool,
}

/// Parameters of one encoding.
#[derive(Debug, Clone)]
pub struct RtpEncodingParameters {
    /// Whether the encoding is sent.
    pub active: bool,
    /// Upper bound in bits per second.
    pub max_bitrate: Option<u64>,
    /// Upper bound in frames per second (video).
    pub max_framerate: Option<f64>,
    /// Relative importance.
    pub priority: Priority,
    /// Restriction identifier of a simulcast layer.
    pub rid: String,
    /// Divisor of the resolution (video).
    pub scale_resolution_down_by: Option<f64>,
    /// Scalable-coding mode (video).
    pub scalability_mode: Option<String>,
    /// Whether `ssrc` is set.
    pub has_ssrc: bool,
    /// RTP synchronisation source.
    pub ssrc: u32,
}

impl Default for RtpEncodingParameters {
    fn default() -> Self {
        Self {
            active: true,
            max_bitrate: None,
            max_framerate: None,
            priority: Priority::Low,
            rid: String::new(),
            scale_resolution_down_by: None,
            scalability_mode: None,
            has_ssrc: false,
            ssrc: 0,
        }
    }
}

/// A codec that can be negotiated.
#[derive(Debug, Clone)]
pub struct RtpCodecCapability {
    /// Number of audio channels.
    pub channels: Option<u16>,
    /// RTP clock rate in Hz.
    pub clock_rate: Option<u64>,
    /// Such as `audio/opus`.
    pub mime_type: String,
    /// Format parameters as in an `a=fmtp` line.
    pub sdp_fmtp_line: Option<String>,
}

/// A header extension that can be negotiated.
#[derive(Debug, Clone)]
pub struct RtpHeaderExtensionCapability {
    /// URI that names the extension.
    pub uri: String,
    /// Directions in which it is offered.
    pub direction: RtpTransceiverDirection,
}

/// What a sender or receiver can negotiate.
#[derive(Debug, Clone)]
pub struct RtpCapabilities {
    /// Codecs in order of preference.
    pub codecs: Vec<RtpCodecCapability>,
    /// Header extensions.
    pub header_extensions: Vec<RtpHeaderExtensionCapability>,
}
