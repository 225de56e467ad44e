//! One m-line: what is wanted, what is negotiated, and the media engines of both directions.

use std::{
    sync::{Arc, Weak},
    time::Instant,
};

use parking_lot::Mutex;
use str0m::media::{Direction, Mid};
use tokio::sync::Notify;

use super::{
    connection::Connection,
    random_uuid,
    receive::Reception,
    send::{AudioSender, OutgoingPacket},
    stats,
};
use crate::{
    MediaType, RtcError,
    audio::PlayoutClock,
    audio_track::RtcAudioTrack,
    media_stream_track::MediaStreamTrack,
    rtp_parameters::{RtcpParameters, RtpCodecParameters, RtpParameters},
    rtp_transceiver::{RtpTransceiverDirection, RtpTransceiverInit},
    stats::RtcStats,
    video_track::RtcVideoTrack,
};

/// One m-line.
pub(crate) struct Transceiver {
    connection: Weak<Connection>,
    kind: MediaType,
    receive_track: MediaStreamTrack,
    state: Mutex<TransceiverState>,
}

/// The changing part of a transceiver. Taken after the connection's lock, never before it.
pub(crate) struct TransceiverState {
    /// Known once an offer contains the m-line.
    pub(crate) mid: Option<Mid>,
    /// Whether both sides have the m-line.
    pub(crate) confirmed: bool,
    /// What is wanted.
    pub(crate) direction: RtpTransceiverDirection,
    /// What was negotiated.
    pub(crate) current: Option<RtpTransceiverDirection>,
    /// For `msid`.
    pub(crate) stream_ids: Vec<String>,
    /// Whether the peer wants pauses left out.
    pub(crate) dtx: bool,
    /// Streams that the peer sends.
    pub(crate) remote_streams: Vec<String>,
    pub(crate) send_track: Option<MediaStreamTrack>,
    /// Set where media must not leave in the clear.
    pub(crate) send_blocked: bool,
    pub(crate) parameters: RtpParameters,
    pub(crate) sender: Option<AudioSender>,
    pub(crate) reception: Reception,
    pub(crate) stats: stats::MediaStats,
}

impl Transceiver {
    pub(crate) fn new(
        connection: Weak<Connection>,
        kind: MediaType,
        send_track: Option<MediaStreamTrack>,
        receive_track_id: Option<String>,
        clock: Option<PlayoutClock>,
        init: RtpTransceiverInit,
    ) -> Self {
        let id = receive_track_id.filter(|id| !id.is_empty()).unwrap_or_else(random_uuid);
        let receive_track = match kind {
            MediaType::Audio => MediaStreamTrack::Audio(RtcAudioTrack::remote(id, clock)),
            _ => MediaStreamTrack::Video(RtcVideoTrack::new(id)),
        };
        Self {
            connection,
            kind,
            receive_track,
            state: Mutex::new(TransceiverState {
                mid: None,
                confirmed: false,
                direction: init.direction,
                current: None,
                stream_ids: init.stream_ids,
                dtx: false,
                remote_streams: Vec::new(),
                send_track,
                send_blocked: false,
                parameters: RtpParameters { encodings: init.send_encodings, ..RtpParameters::default() },
                sender: None,
                reception: Reception::default(),
                stats: stats::MediaStats::default(),
            }),
        }
    }

    /// The changing part, locked.
    pub(crate) fn state(&self) -> parking_lot::MutexGuard<'_, TransceiverState> {
        self.state.lock()
    }

    pub(crate) fn belongs_to(&self, connection: &Weak<Connection>) -> bool {
        self.connection.ptr_eq(connection)
    }

    pub(crate) fn kind(&self) -> MediaType {
        self.kind
    }

    /// Whether there is something to encode, or an encoder to stop.
    pub(crate) fn has_send_state(&self) -> bool {
        let state = self.state();
        state.send_track.is_some() || state.sender.is_some()
    }

    pub(crate) fn mid(&self) -> Option<Mid> {
        self.state().mid
    }

    pub(crate) fn direction(&self) -> RtpTransceiverDirection {
        self.state().direction
    }

    pub(crate) fn current_direction(&self) -> Option<RtpTransceiverDirection> {
        self.state().current
    }

    pub(crate) fn send_track(&self) -> Option<MediaStreamTrack> {
        self.state().send_track.clone()
    }

    pub(crate) fn receive_track(&self) -> MediaStreamTrack {
        self.receive_track.clone()
    }

    pub(crate) fn remote_stream_ids(&self) -> Vec<String> {
        self.state().remote_streams.clone()
    }

    /// Replaces the sent track without a negotiation.
    pub(crate) fn set_send_track(&self, track: Option<MediaStreamTrack>) -> Result<(), RtcError> {
        let fits = match &track {
            Some(MediaStreamTrack::Audio(_)) => self.kind == MediaType::Audio,
            Some(MediaStreamTrack::Video(_)) => self.kind == MediaType::Video,
            None => true,
        };
        if !fits {
            return Err(RtcError::invalid_state("the track is not of the transceiver's kind"));
        }
        {
            let mut state = self.state();
            state.send_track = track;
            if let Some(sender) = &mut state.sender {
                sender.detach();
            }
        }
        if let Some(connection) = self.connection.upgrade() {
            connection.wake();
        }
        Ok(())
    }

    /// Stops sending for good: media that ought to be encrypted must not leave in the clear.
    pub(crate) fn block_sending(&self) {
        let mut state = self.state();
        state.send_blocked = true;
        state.sender = None;
    }

    /// Takes the track away and gives up the sending direction. Says whether an offer is due.
    pub(crate) fn stop_sending(&self) -> bool {
        let mut state = self.state();
        state.send_track = None;
        state.sender = None;
        let rest = match state.direction {
            RtpTransceiverDirection::SendRecv => RtpTransceiverDirection::RecvOnly,
            RtpTransceiverDirection::SendOnly => RtpTransceiverDirection::Inactive,
            other => other,
        };
        let changed = rest != state.direction;
        state.direction = rest;
        changed
    }

    /// Ends the m-line with the next negotiation.
    pub(crate) fn stop(&self) -> Result<(), RtcError> {
        let connection = self
            .connection
            .upgrade()
            .ok_or_else(|| RtcError::invalid_state("the peer connection is closed"))?;
        {
            let mut state = self.state();
            state.direction = RtpTransceiverDirection::Stopped;
            state.send_track = None;
            state.sender = None;
        }
        self.end_receive_track();
        connection.negotiation_needed();
        Ok(())
    }

    /// Ends the remote track and its streams.
    pub(crate) fn end_receive_track(&self) {
        match &self.receive_track {
            MediaStreamTrack::Audio(track) => track.end(),
            MediaStreamTrack::Video(track) => track.end(),
        }
    }

    pub(crate) fn parameters(&self) -> RtpParameters {
        let state = self.state();
        let mut parameters = state.parameters.clone();
        if parameters.encodings.is_empty() {
            parameters.encodings.push(crate::rtp_parameters::RtpEncodingParameters::default());
        }
        parameters.codecs = self.codecs();
        let cname = state.send_track.as_ref().map(MediaStreamTrack::id).unwrap_or_default();
        parameters.rtcp = RtcpParameters { cname, reduced_size: true };
        parameters
    }

    pub(crate) fn receive_parameters(&self) -> RtpParameters {
        RtpParameters { codecs: self.codecs(), ..RtpParameters::default() }
    }

    pub(crate) fn set_parameters(&self, parameters: RtpParameters) {
        let mut state = self.state();
        state.parameters = parameters;
        let bitrate = state.max_bitrate();
        if let (Some(sender), Some(bitrate)) = (&mut state.sender, bitrate) {
            sender.set_bitrate(bitrate);
        }
    }

    pub(crate) fn sender_stats(&self) -> Vec<RtcStats> {
        self.connection.upgrade().map(|connection| connection.sender_stats(self)).unwrap_or_default()
    }

    pub(crate) fn receiver_stats(&self) -> Vec<RtcStats> {
        self.connection.upgrade().map(|connection| connection.receiver_stats(self)).unwrap_or_default()
    }

    fn codecs(&self) -> Vec<RtpCodecParameters> {
        if self.kind != MediaType::Audio {
            return Vec::new();
        }
        vec![RtpCodecParameters {
            payload_type: super::send::OPUS_PAYLOAD_TYPE,
            mime_type: "audio/opus".to_owned(),
            clock_rate: Some(48_000),
            channels: Some(2),
        }]
    }
}

impl TransceiverState {
    /// Whether media may be sent: wanted, negotiated, and not turned off.
    fn may_send(&self) -> bool {
        let sends = |direction| {
            matches!(direction, RtpTransceiverDirection::SendRecv | RtpTransceiverDirection::SendOnly)
        };
        !self.send_blocked
            && self.encoding_active()
            && sends(self.direction)
            && self.current.is_some_and(sends)
    }

    /// Encodes what is due and says when to ask again; `None` while nothing is sent. `filled` fires when a source
    /// that was empty gets samples.
    pub(crate) fn poll_audio(
        &mut self,
        now: Instant,
        filled: &Arc<Notify>,
        packets: &mut Vec<(Mid, OutgoingPacket)>,
    ) -> Option<Instant> {
        let mid = self.mid?;
        let Some(MediaStreamTrack::Audio(track)) = self.send_track.clone().filter(|_| self.may_send()) else {
            if let Some(sender) = &mut self.sender {
                sender.detach();
            }
            return None;
        };
        let source = track.source()?;
        let (bitrate, dtx) = (self.max_bitrate(), self.dtx);
        let sender = self.sender.get_or_insert_with(|| {
            let random = super::random_u64();
            AudioSender::new(random as u16, (random >> 32) as u32)
        });
        if !sender.reads(&track)
            && let Err(error) = sender.attach(&track, source.reader(Arc::clone(filled)), bitrate, dtx, now)
        {
            log::error!("track {} is not sent: {error}", track.id());
            self.send_blocked = true;
            return None;
        }
        sender.poll(now, |packet| packets.push((mid, packet)));
        sender.deadline()
    }

    /// The bound of the first encoding, in bits per second.
    fn max_bitrate(&self) -> Option<u32> {
        let encoding = self.parameters.encodings.first()?;
        encoding.max_bitrate.map(|bitrate| u32::try_from(bitrate).unwrap_or(u32::MAX))
    }

    /// Whether the encoding is active.
    fn encoding_active(&self) -> bool {
        self.parameters.encodings.first().is_none_or(|encoding| encoding.active)
    }
}

/// The direction for str0m. `Stopped` has no counterpart there and is handled by its own call.
pub(crate) fn to_str0m(direction: RtpTransceiverDirection) -> Direction {
    match direction {
        RtpTransceiverDirection::SendRecv => Direction::SendRecv,
        RtpTransceiverDirection::SendOnly => Direction::SendOnly,
        RtpTransceiverDirection::RecvOnly => Direction::RecvOnly,
        RtpTransceiverDirection::Inactive | RtpTransceiverDirection::Stopped => Direction::Inactive,
    }
}

/// The direction from str0m.
pub(crate) fn from_str0m(direction: Direction) -> RtpTransceiverDirection {
    match direction {
        Direction::SendRecv => RtpTransceiverDirection::SendRecv,
        Direction::SendOnly => RtpTransceiverDirection::SendOnly,
        Direction::RecvOnly => RtpTransceiverDirection::RecvOnly,
        Direction::Inactive => RtpTransceiverDirection::Inactive,
    }
}
