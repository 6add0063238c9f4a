//! One client connection.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::{Front, strike};
use crate::fault::{Fault, Kind};

/// How a connection is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Closed.
    Close,
    /// Reset: the peer gets RST.
    Reset,
}

/// How a fault ends all connections at once, whether a call is under way on them or not.
pub fn end_by(fault: Fault) -> Option<End> {
    match fault.kind {
        Kind::Refuse | Kind::Dns => Some(End::Close),
        Kind::Reset if fault.rate >= 1.0 => Some(End::Reset),
        _ => None,
    }
}

/// Serves a connection, accepted after strike `since`, until the client closes it or a fault ends it.
pub async fn serve(front: Arc<Front>, stream: TcpStream, since: u64) {
    front.accepted.fetch_add(1, Ordering::Relaxed);
    front.open.fetch_add(1, Ordering::Relaxed);
    let end = serve_until_end(&front, stream, since).await;
    front.open.fetch_sub(1, Ordering::Relaxed);
    if let Some((stream, End::Reset)) = end {
        let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    }
}

async fn serve_until_end(front: &Arc<Front>, stream: TcpStream, since: u64) -> Option<(TcpStream, End)> {
    let _ = stream.set_nodelay(true);
    let mut strikes = front.strikes.subscribe();
    let (ender, mut ended) = mpsc::unbounded_channel();
    let service = service_fn(|request| strike::serve(front.clone(), request, ender.clone()));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let struck = strikes.wait_for(|strike| strike.ended.is_some_and(|(number, _)| number > since));
    let end = tokio::select! {
        biased;
        Some(end) = ended.recv() => end,
        Ok(strike) = struck => strike.ended.map_or(End::Close, |(_, end)| end),
        _ = &mut connection => return None,
    };
    Some((connection.into_parts().io.into_inner(), end))
}
