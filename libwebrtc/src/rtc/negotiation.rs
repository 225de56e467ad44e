//! Offers and answers (RFC 9429) on top of str0m's.

use std::sync::Arc;

use str0m::{
    Rtc,
    change::{SdpAnswer, SdpOffer, SdpPendingOffer},
    media::{Direction, MediaKind, Mid},
};

use super::{
    connection::{Connection, Inner, Life},
    events::Event,
    now, sdp,
    transceiver::{Transceiver, from_str0m, to_str0m},
};
use crate::{
    MediaType, RtcError,
    ice_candidate::IceCandidate,
    media_stream_track::MediaStreamTrack,
    peer_connection::{IceGatheringState, OfferOptions, SignalingState},
    rtp_transceiver::{RtpTransceiverDirection, RtpTransceiverInit},
    session_description::{SdpType, SessionDescription},
};

/// Where the exchange stands.
pub(crate) struct Negotiation {
    pub(crate) signaling: SignalingState,
    pending: Option<Pending>,
    /// str0m's own text of the last offer that was answered.
    last_offer: Option<String>,
    pending_local: Option<SessionDescription>,
    pending_remote: Option<SessionDescription>,
    pub(crate) current_local: Option<SessionDescription>,
    pub(crate) current_remote: Option<SessionDescription>,
    /// To a remote offer.
    answer: Option<SessionDescription>,
    pub(crate) ice_restart: bool,
    pub(crate) gathering: IceGatheringState,
    needed: u32,
}

/// An offer that was made and not answered yet.
enum Pending {
    Offer {
        token: SdpPendingOffer,
        text: String,
        restarts_ice: bool,
    },
    /// The last offer once more: str0m makes none without a change.
    Repeated,
}

impl Negotiation {
    pub(crate) fn new() -> Self {
        Self {
            signaling: SignalingState::Stable,
            pending: None,
            last_offer: None,
            pending_local: None,
            pending_remote: None,
            current_local: None,
            current_remote: None,
            answer: None,
            ice_restart: false,
            gathering: IceGatheringState::New,
            needed: 0,
        }
    }

    /// The number of the next negotiation-needed event.
    pub(crate) fn next_needed(&mut self) -> u32 {
        self.needed = self.needed.wrapping_add(1);
        self.needed
    }
}

impl Connection {
    /// Describes what this side wants. The offer stays pending until it is answered or the next one is made.
    pub(crate) fn create_offer(&self, options: &OfferOptions) -> Result<SessionDescription, RtcError> {
        let mut inner = self.open()?;
        let inner = &mut *inner;
        if inner.negotiation.signaling == SignalingState::HaveRemoteOffer {
            return Err(RtcError::invalid_state("a remote offer waits for its answer"));
        }
        let restarts_ice = options.ice_restart || std::mem::take(&mut inner.negotiation.ice_restart);
        inner.negotiation.pending = None;
        let mut changes = inner.rtc.sdp_api();
        inner.channels.offer(&mut changes);
        for transceiver in &inner.transceivers {
            let mut state = transceiver.state();
            let wanted = state.direction;
            match state.mid.filter(|_| state.confirmed) {
                Some(mid) if wanted == RtpTransceiverDirection::Stopped => changes.stop_media(mid),
                Some(mid) => changes.set_direction(mid, to_str0m(wanted)),
                None if wanted == RtpTransceiverDirection::Stopped => {}
                None => {
                    let kind = media_kind(transceiver.kind());
                    let stream_id = state.stream_ids.first().cloned();
                    let track_id = state.send_track.as_ref().map(MediaStreamTrack::id);
                    state.mid = Some(changes.add_media(kind, to_str0m(wanted), stream_id, track_id, None));
                }
            }
        }
        if restarts_ice {
            changes.ice_restart(true);
        }
        let made = if changes.has_changes() {
            changes.apply()
        } else {
            let target = inner.transceivers.iter().find_map(|transceiver| {
                let state = transceiver.state();
                state.mid.filter(|_| state.confirmed && state.direction != RtpTransceiverDirection::Stopped)
            });
            target.and_then(|mid| describe_as_is(&mut inner.rtc, mid))
        };
        let (text, pending) = match (made, &inner.negotiation.last_offer) {
            (Some((offer, token)), _) => {
                let text = offer.to_sdp_string();
                (text.clone(), Pending::Offer { token, text, restarts_ice })
            }
            (None, Some(text)) => (text.clone(), Pending::Repeated),
            (None, None) => return Err(RtcError::invalid_state("there is nothing to offer")),
        };
        inner.negotiation.pending = Some(pending);
        Ok(SessionDescription::new(SdpType::Offer, text))
    }

    /// The answer to the remote offer that was applied.
    pub(crate) fn create_answer(&self) -> Result<SessionDescription, RtcError> {
        let inner = self.open()?;
        let answer = inner.negotiation.answer.clone();
        answer.ok_or_else(|| RtcError::invalid_state("there is no remote offer to answer"))
    }

    /// Applies an offer or answer made here.
    pub(crate) fn set_local_description(&self, description: SessionDescription) -> Result<(), RtcError> {
        let mut inner = self.open()?;
        let signaling = inner.negotiation.signaling;
        match (description.sdp_type(), signaling) {
            (SdpType::Offer, SignalingState::Stable | SignalingState::HaveLocalOffer) => {
                if inner.negotiation.pending.is_none() {
                    return Err(RtcError::invalid_state("the offer was not made here, or is out of date"));
                }
                inner.negotiation.pending_local = Some(description);
                inner.set_signaling(SignalingState::HaveLocalOffer);
            }
            (SdpType::Answer, SignalingState::HaveRemoteOffer) => {
                inner.negotiation.answer = None;
                inner.negotiation.current_local = Some(description);
                inner.negotiation.current_remote = inner.negotiation.pending_remote.take();
                inner.set_signaling(SignalingState::Stable);
            }
            (SdpType::Rollback, SignalingState::HaveLocalOffer) => inner.roll_back(),
            (SdpType::PrAnswer, _) => return Err(RtcError::unsupported("a provisional answer")),
            (kind, _) => {
                return Err(RtcError::invalid_state(format_args!("no local {kind} in state {signaling:?}")));
            }
        }
        inner.announce_candidates();
        drop(inner);
        self.wake();
        Ok(())
    }

    /// Applies an offer or answer of the peer.
    pub(crate) fn set_remote_description(&self, description: &SessionDescription) -> Result<(), RtcError> {
        let mut inner = self.open()?;
        let signaling = inner.negotiation.signaling;
        match (description.sdp_type(), signaling) {
            (SdpType::Answer, SignalingState::HaveLocalOffer) => inner.accept_answer(description)?,
            (SdpType::Offer, SignalingState::Stable) => self.accept_offer(&mut inner, description)?,
            (SdpType::Offer, SignalingState::HaveLocalOffer) => {
                inner.roll_back();
                self.accept_offer(&mut inner, description)?;
            }
            (SdpType::PrAnswer, _) => return Err(RtcError::unsupported("a provisional answer")),
            (kind, _) => {
                return Err(RtcError::invalid_state(format_args!("no remote {kind} in state {signaling:?}")));
            }
        }
        drop(inner);
        self.wake();
        Ok(())
    }

    fn accept_offer(&self, inner: &mut Inner, description: &SessionDescription) -> Result<(), RtcError> {
        let sending: Vec<Mid> = inner
            .transceivers
            .iter()
            .filter_map(|transceiver| {
                let state = transceiver.state();
                state.mid.filter(|_| state.send_track.is_some())
            })
            .collect();
        let text = sdp::narrow_offer(description.as_str(), |mid| sending.contains(&Mid::from(mid)));
        let offer = SdpOffer::from_sdp_string(&text).map_err(RtcError::invalid_sdp)?;
        let answer = inner.rtc.sdp_api().accept_offer(offer).map_err(RtcError::invalid_sdp)?;
        inner.negotiation.answer = Some(SessionDescription::new(SdpType::Answer, answer.to_sdp_string()));
        inner.negotiation.pending_remote = Some(description.clone());
        for section in sdp::remote_sections(description.as_str()) {
            let mid = Mid::from(section.mid.as_str());
            if inner.transceivers.iter().all(|transceiver| transceiver.mid() != Some(mid)) {
                let init = RtpTransceiverInit {
                    direction: RtpTransceiverDirection::RecvOnly,
                    stream_ids: Vec::new(),
                    send_encodings: Vec::new(),
                };
                let track_id = section.streams.first().map(|stream| stream.track_id.clone());
                let transceiver = self.new_transceiver(section.kind, None, track_id, init);
                transceiver.state().mid = Some(mid);
                inner.transceivers.push(transceiver);
            }
        }
        inner.set_signaling(SignalingState::HaveRemoteOffer);
        inner.apply_sections(description.as_str());
        Ok(())
    }
}

impl Inner {
    fn accept_answer(&mut self, description: &SessionDescription) -> Result<(), RtcError> {
        let repeats = self.negotiation.current_remote.as_ref().is_some_and(|current| {
            current.sdp_type() == SdpType::Answer && current.as_str() == description.as_str()
        });
        match self.negotiation.pending.take() {
            None => return Err(RtcError::invalid_state("no offer waits for an answer")),
            Some(Pending::Repeated) => {}
            Some(Pending::Offer { .. }) if repeats => {
                // The last answer once more withdraws the offer: its author wants to make a new one.
                self.roll_back();
                return Ok(());
            }
            Some(Pending::Offer { token, text, restarts_ice }) => {
                let accepted = SdpAnswer::from_sdp_string(description.as_str())
                    .map_err(RtcError::invalid_sdp)
                    .and_then(|answer| {
                        self.rtc.sdp_api().accept_answer(token, answer).map_err(RtcError::invalid_sdp)
                    });
                if let Err(error) = accepted {
                    self.roll_back();
                    return Err(error);
                }
                self.negotiation.last_offer = Some(text);
                if restarts_ice && self.life == Life::Alive {
                    self.watchdog.restart(now());
                }
            }
        }
        self.negotiation.current_local = self.negotiation.pending_local.take();
        self.negotiation.current_remote = Some(description.clone());
        self.set_signaling(SignalingState::Stable);
        self.apply_sections(description.as_str());
        Ok(())
    }

    /// Forgets the pending local offer.
    fn roll_back(&mut self) {
        self.negotiation.pending = None;
        self.negotiation.pending_local = None;
        for transceiver in &self.transceivers {
            let mut state = transceiver.state();
            if !state.confirmed {
                state.mid = None;
            }
        }
        self.set_signaling(SignalingState::Stable);
    }

    /// Brings the transceivers in line with what was just negotiated.
    fn apply_sections(&mut self, remote: &str) {
        for section in sdp::remote_sections(remote) {
            let mid = Mid::from(section.mid.as_str());
            let Some(transceiver) = self.transceivers.iter().find(|known| known.mid() == Some(mid)) else {
                continue;
            };
            let mut state = transceiver.state();
            state.confirmed = true;
            state.dtx = section.dtx;
            state.current = Some(current_direction(&self.rtc, mid, &section));
            let streams: Vec<String> = if section.sends() {
                section.streams.iter().map(|stream| stream.stream_id.clone()).collect()
            } else {
                Vec::new()
            };
            let changed = streams != state.remote_streams;
            let announce = changed && !streams.is_empty();
            let ended = changed && !state.remote_streams.is_empty();
            state.remote_streams = streams;
            drop(state);
            if ended {
                end_streams(transceiver);
            }
            if announce {
                self.events.push_back(Event::Track(Arc::clone(transceiver)));
            }
        }
        if sdp::has_data_section(remote) {
            self.channels.negotiated(&mut self.rtc);
        }
    }

    /// Names the local candidates with the first local description. They are in its text as well.
    fn announce_candidates(&mut self) {
        if self.negotiation.gathering != IceGatheringState::New {
            return;
        }
        let mid = self.transceivers.iter().find_map(|transceiver| transceiver.mid());
        let mid = mid.map_or_else(|| "0".to_owned(), |mid| mid.to_string());
        self.events.push_back(Event::Gathering(IceGatheringState::Gathering));
        for candidate in &self.local_candidates {
            let line = candidate.to_sdp_string();
            let line = line.trim_end().trim_start_matches("a=").to_owned();
            self.events.push_back(Event::Candidate(IceCandidate::new(mid.clone(), 0, line)));
        }
        self.negotiation.gathering = IceGatheringState::Complete;
        self.events.push_back(Event::Gathering(IceGatheringState::Complete));
    }

    pub(crate) fn set_signaling(&mut self, state: SignalingState) {
        if self.negotiation.signaling != state {
            self.negotiation.signaling = state;
            self.events.push_back(Event::Signaling(state));
        }
    }
}

/// The streams of a track end when the peer stops sending it: the m-line may carry another one next.
fn end_streams(transceiver: &Transceiver) {
    if let MediaStreamTrack::Audio(track) = transceiver.receive_track() {
        track.sinks().end_streams();
    }
}

fn current_direction(rtc: &Rtc, mid: Mid, section: &sdp::RemoteSection) -> RtpTransceiverDirection {
    if section.direction == RtpTransceiverDirection::Stopped {
        return RtpTransceiverDirection::Stopped;
    }
    rtc.media(mid).map_or(RtpTransceiverDirection::Inactive, |media| from_str0m(media.direction()))
}

/// An offer without a change. str0m makes one only for a change, so a direction is turned over and back, in the way
/// that does not reset what flows.
fn describe_as_is(rtc: &mut Rtc, mid: Mid) -> Option<(SdpOffer, SdpPendingOffer)> {
    let direction = rtc.media(mid)?.direction();
    let other = match direction {
        Direction::SendOnly | Direction::RecvOnly => Direction::SendRecv,
        Direction::Inactive => Direction::RecvOnly,
        Direction::SendRecv => Direction::SendOnly,
    };
    let mut changes = rtc.sdp_api();
    changes.set_direction(mid, other);
    changes.set_direction(mid, direction);
    changes.apply()
}

fn media_kind(kind: MediaType) -> MediaKind {
    if kind == MediaType::Audio { MediaKind::Audio } else { MediaKind::Video }
}
