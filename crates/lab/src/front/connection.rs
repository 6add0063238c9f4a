//! One client connection.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

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

/// Serves a connection until the client closes it or a fault ends it.
pub async fn serve(front: Arc<Front>, stream: TcpStream, mut faults: watch::Receiver<Fault>) {
    front.accepted.fetch_add(1, Ordering::Relaxed);
    front.open.fetch_add(1, Ordering::Relaxed);
    let end = serve_until_end(&front, stream, &mut faults).await;
    front.open.fetch_sub(1, Ordering::Relaxed);
    if let Some((stream, End::Reset)) = end {
        let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    }
}

async fn serve_until_end(
    front: &Arc<Front>,
    stream: TcpStream,
    faults: &mut watch::Receiver<Fault>,
) -> Option<(TcpStream, End)> {
    let _ = stream.set_nodelay(true);
    let (ender, mut ended) = mpsc::unbounded_channel();
    let service = service_fn(|request| strike::serve(front.clone(), request, ender.clone()));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let end = loop {
        tokio::select! {
            biased;
            Some(end) = ended.recv() => break end,
            _ = faults.changed() => match faults.borrow_and_update().on_connection() {
                Kind::Refuse => break End::Close,
                Kind::Reset => break End::Reset,
                _ => {}
            },
            _ = &mut connection => return None,
        }
    };
    Some((connection.into_parts().io.into_inner(), end))
}
