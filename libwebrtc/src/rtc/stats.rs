//! From str0m's counters to W3C reports.

use std::time::{SystemTime, UNIX_EPOCH};

use str0m::stats::{MediaEgressStats, MediaIngressStats, PeerStats};

use super::{channel::Channel, connection::Connection, transceiver::Transceiver};
use crate::{
    MediaType,
    audio::{PlayoutStats, RTP_RATE},
    media_stream_track::MediaStreamTrack,
    stats::{
        CandidatePairStats, CodecStats, DataChannelStats, IceCandidatePairState, IceCandidateType,
        InboundRtpStats, LocalCandidateStats, MediaSourceStats, OutboundRtpStats, PeerConnectionStats,
        RemoteCandidateStats, RemoteInboundRtpStats, RtcStats, TransportStats, dictionaries,
    },
};

const TRANSPORT: &str = "T01";
const CODEC: &str = "COT01_111";
const PAIR: &str = "CP01";
const LOCAL: &str = "I01";
const REMOTE: &str = "I02";

/// The last statistics events of one m-line.
#[derive(Debug, Clone, Default)]
pub(crate) struct MediaStats {
    pub(crate) egress: Option<MediaEgressStats>,
    pub(crate) ingress: Option<MediaIngressStats>,
}

/// The last statistics event of the connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConnectionStats {
    pub(crate) peer: Option<PeerStats>,
}

impl Connection {
    /// Reports on everything.
    pub(crate) fn stats(&self) -> Vec<RtcStats> {
        let transceivers = self.transceivers();
        let mut reports: Vec<RtcStats> = transceivers
            .iter()
            .flat_map(|transceiver| {
                let mut reports = outbound(transceiver);
                reports.extend(inbound(transceiver));
                reports
            })
            .collect();
        let inner = self.inner();
        reports.extend(inner.channels.iter().map(|channel| data_channel(channel)));
        reports.push(RtcStats::PeerConnection(PeerConnectionStats {
            rtc: report("P"),
            pc: dictionaries::PeerConnectionStats {
                data_channels_opened: inner.channels.opened,
                data_channels_closed: inner.channels.closed,
            },
        }));
        if let Some(peer) = &inner.stats.peer {
            reports.extend(transport(peer));
        }
        reports.push(codec());
        reports
    }

    /// Reports on what a transceiver sends.
    pub(crate) fn sender_stats(&self, transceiver: &Transceiver) -> Vec<RtcStats> {
        self.with_transport(outbound(transceiver))
    }

    /// Reports on what a transceiver receives.
    pub(crate) fn receiver_stats(&self, transceiver: &Transceiver) -> Vec<RtcStats> {
        self.with_transport(inbound(transceiver))
    }

    fn with_transport(&self, mut reports: Vec<RtcStats>) -> Vec<RtcStats> {
        if !reports.is_empty() {
            reports.push(codec());
            if let Some(peer) = &self.inner().stats.peer {
                reports.extend(transport(peer));
            }
        }
        reports
    }
}

fn kind(transceiver: &Transceiver) -> String {
    if transceiver.kind() == MediaType::Audio { "audio" } else { "video" }.to_owned()
}

fn outbound(transceiver: &Transceiver) -> Vec<RtcStats> {
    let state = transceiver.state();
    let (Some(mid), Some(sender)) = (state.mid, &state.sender) else { return Vec::new() };
    let id = format!("OT01{mid}");
    let stream = dictionaries::RtpStreamStats {
        ssrc: sender.ssrc,
        kind: kind(transceiver),
        transport_id: TRANSPORT.to_owned(),
        codec_id: CODEC.to_owned(),
    };
    let track_id = state.send_track.as_ref().map(MediaStreamTrack::id).unwrap_or_default();
    let counters = sender.counters;
    let egress = state.stats.egress.as_ref();
    let mut reports = vec![
        RtcStats::OutboundRtp(OutboundRtpStats {
            rtc: report(&id),
            stream: stream.clone(),
            sent: dictionaries::SentRtpStreamStats {
                packets_sent: counters.packets,
                bytes_sent: counters.payload_bytes,
            },
            outbound: dictionaries::OutboundRtpStreamStats {
                mid: mid.to_string(),
                media_source_id: format!("SA{mid}"),
                remote_id: format!("RI{mid}"),
                nack_count: egress.map_or(0, |egress| egress.nacks as u32),
                encoder_implementation: "libopus".to_owned(),
                active: true,
                ..Default::default()
            },
        }),
        RtcStats::MediaSource(MediaSourceStats {
            rtc: report(&format!("SA{mid}")),
            source: dictionaries::MediaSourceStats { track_identifier: track_id, kind: kind(transceiver) },
            audio: dictionaries::AudioSourceStats {
                total_samples_duration: counters.samples_48k as f64 / f64::from(RTP_RATE),
                total_samples_captured: counters.samples_48k,
                ..Default::default()
            },
            video: dictionaries::VideoSourceStats::default(),
        }),
    ];
    if let Some(egress) = egress
        && let Some(remote) = &egress.remote
    {
        reports.push(RtcStats::RemoteInboundRtp(RemoteInboundRtpStats {
            rtc: report(&format!("RI{mid}")),
            stream,
            received: dictionaries::ReceivedRtpStreamStats {
                packets_received: counters.packets.saturating_sub(remote.packets_lost),
                packets_lost: remote.packets_lost as i64,
                jitter: f64::from(remote.jitter) / f64::from(RTP_RATE),
            },
            remote_inbound: dictionaries::RemoteInboundRtpStreamStats {
                local_id: id,
                round_trip_time: egress.rtt.map_or(0.0, |rtt| rtt.as_secs_f64()),
                fraction_lost: f64::from(egress.loss.unwrap_or(0.0)),
                ..Default::default()
            },
        }));
    }
    reports
}

fn inbound(transceiver: &Transceiver) -> Vec<RtcStats> {
    let state = transceiver.state();
    let (Some(mid), Some(ssrc)) = (state.mid, state.reception.ssrc()) else { return Vec::new() };
    let playout = match transceiver.receive_track() {
        MediaStreamTrack::Audio(track) => track.sinks().stats().unwrap_or_default(),
        MediaStreamTrack::Video(_) => PlayoutStats::default(),
    };
    let ingress = state.stats.ingress.as_ref();
    let seconds = |ticks_48k: u64| ticks_48k as f64 / f64::from(RTP_RATE);
    vec![RtcStats::InboundRtp(InboundRtpStats {
        rtc: report(&format!("IT01{mid}")),
        stream: dictionaries::RtpStreamStats {
            ssrc: *ssrc,
            kind: kind(transceiver),
            transport_id: TRANSPORT.to_owned(),
            codec_id: CODEC.to_owned(),
        },
        received: dictionaries::ReceivedRtpStreamStats {
            packets_received: state.reception.packets,
            packets_lost: state.reception.lost() as i64,
            jitter: ingress.map_or(0.0, |ingress| f64::from(ingress.jitter) / f64::from(RTP_RATE)),
        },
        inbound: dictionaries::InboundRtpStreamStats {
            track_identifier: transceiver.receive_track().id(),
            mid: mid.to_string(),
            bytes_received: state.reception.payload_bytes,
            nack_count: ingress.map_or(0, |ingress| ingress.nacks as u32),
            packets_discarded: playout.packets_late + playout.packets_discarded,
            fec_packets_received: playout.fec_recovered,
            total_samples_received: playout.total_samples,
            total_samples_duration: seconds(playout.total_samples),
            concealed_samples: playout.concealed_samples + playout.silence_samples,
            silent_concealed_samples: playout.silence_samples,
            concealment_events: playout.concealment_events,
            inserted_samples_for_deceleration: playout.inserted_samples,
            removed_samples_for_acceleration: playout.removed_samples,
            jitter_buffer_delay: seconds(playout.jitter_buffer_delay_48k),
            jitter_buffer_target_delay: seconds(playout.target_delay_48k),
            jitter_buffer_emitted_count: playout.jitter_buffer_emitted,
            decoder_implementation: "libopus".to_owned(),
            ..Default::default()
        },
    })]
}

fn data_channel(channel: &Channel) -> RtcStats {
    let counters = *channel.counters.lock();
    RtcStats::DataChannel(DataChannelStats {
        rtc: report(&format!("D{}", channel.stream_id())),
        dc: dictionaries::DataChannelStats {
            label: channel.label().to_owned(),
            protocol: channel.config().protocol.clone(),
            data_channel_identifier: channel.stream_id(),
            state: Some(channel.state()),
            messages_sent: counters.messages_sent,
            bytes_sent: counters.bytes_sent,
            messages_received: counters.messages_received,
            bytes_received: counters.bytes_received,
        },
    })
}

fn transport(peer: &PeerStats) -> Vec<RtcStats> {
    let pair = peer.selected_candidate_pair.as_ref();
    let mut reports = vec![RtcStats::Transport(TransportStats {
        rtc: report(TRANSPORT),
        transport: dictionaries::TransportStats {
            bytes_sent: peer.peer_bytes_tx,
            bytes_received: peer.peer_bytes_rx,
            selected_candidate_pair_id: if pair.is_some() { PAIR.to_owned() } else { String::new() },
            ..Default::default()
        },
    })];
    let Some(pair) = pair else { return reports };
    reports.push(RtcStats::CandidatePair(CandidatePairStats {
        rtc: report(PAIR),
        candidate_pair: dictionaries::CandidatePairStats {
            transport_id: TRANSPORT.to_owned(),
            local_candidate_id: LOCAL.to_owned(),
            remote_candidate_id: REMOTE.to_owned(),
            state: Some(IceCandidatePairState::Succeeded),
            nominated: true,
            bytes_sent: peer.peer_bytes_tx,
            bytes_received: peer.peer_bytes_rx,
            total_round_trip_time: pair.total_round_trip_time.as_secs_f64(),
            current_round_trip_time: pair.current_round_trip_time.map_or(0.0, |rtt| rtt.as_secs_f64()),
            responses_received: pair.responses_received,
            ..Default::default()
        },
    }));
    let candidate = |address: std::net::SocketAddr| dictionaries::IceCandidateStats {
        transport_id: TRANSPORT.to_owned(),
        address: address.ip().to_string(),
        port: i32::from(address.port()),
        protocol: pair.protocol.to_string(),
        candidate_type: Some(IceCandidateType::Host),
        ..Default::default()
    };
    reports.push(RtcStats::LocalCandidate(LocalCandidateStats {
        rtc: report(LOCAL),
        local_candidate: candidate(pair.local.addr),
    }));
    reports.push(RtcStats::RemoteCandidate(RemoteCandidateStats {
        rtc: report(REMOTE),
        remote_candidate: candidate(pair.remote.addr),
    }));
    reports
}

fn codec() -> RtcStats {
    RtcStats::Codec(CodecStats {
        rtc: report(CODEC),
        codec: dictionaries::CodecStats {
            payload_type: u32::from(super::send::OPUS_PAYLOAD_TYPE),
            transport_id: TRANSPORT.to_owned(),
            mime_type: "audio/opus".to_owned(),
            clock_rate: RTP_RATE,
            channels: 2,
            sdp_fmtp_line: "minptime=10;useinbandfec=1".to_owned(),
        },
    })
}

#[allow(
    clippy::disallowed_methods,
    reason = "the interface asks for wall-clock time, which nothing here depends on"
)]
fn report(id: &str) -> dictionaries::RtcStats {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    dictionaries::RtcStats { id: id.to_owned(), timestamp: since_epoch.as_micros() as i64 }
}
