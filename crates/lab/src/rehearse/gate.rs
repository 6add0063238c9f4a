//! A Region's public address, as its load balancer would have it: open, or a black hole.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A gate.
#[derive(Debug)]
pub struct Gate {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    open: watch::Sender<bool>,
    _server: JoinSet<()>,
}

impl Gate {
    /// Opens a gate to a vhost.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub async fn open(port: u16, vhost: SocketAddr) -> Result<Gate> {
        let listener =
            TcpListener::bind(("127.0.0.1", port)).await.with_context(|| format!("cannot listen on 127.0.0.1:{port} (a gate)"))?;
        let url = format!("http://{}", listener.local_addr()?);
        let open = watch::Sender::new(true);
        let mut server = JoinSet::new();
        let state = open.clone();
        server.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(pass(stream, vhost, state.subscribe()));
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Gate { url, open, _server: server })
    }

    /// Opens it, or makes it a black hole: also for connections that are open.
    pub fn set(&self, open: bool) {
        self.open.send_replace(open);
    }
}

async fn pass(mut client: TcpStream, vhost: SocketAddr, mut open: watch::Receiver<bool>) {
    let through = async {
        let mut server = TcpStream::connect(vhost).await?;
        copy_bidirectional(&mut client, &mut server).await
    };
    let lost = tokio::select! {
        biased;
        _ = open.wait_for(|open| !open) => true,
        _ = through => false,
    };
    if lost {
        // Nothing is read and nothing said until it opens again; who still waits then is cut off.
        let _ = open.wait_for(|open| *open).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::timeout;

    use super::*;

    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        address
    }

    #[tokio::test]
    async fn a_black_hole_swallows_open_connections_and_new_ones() {
        let gate = Gate::open(0, echo().await).await.unwrap();
        let address = gate.url.strip_prefix("http://").unwrap().to_owned();
        let ask = async |stream: &mut TcpStream| {
            stream.write_all(b"x").await.unwrap();
            let mut byte = [0];
            timeout(Duration::from_millis(200), stream.read_exact(&mut byte)).await.is_ok_and(|read| read.is_ok())
        };
        let mut old = TcpStream::connect(&address).await.unwrap();
        assert!(ask(&mut old).await);
        gate.set(false);
        assert!(!ask(&mut old).await);
        let mut new = TcpStream::connect(&address).await.unwrap();
        assert!(!ask(&mut new).await);
        gate.set(true);
        let mut after = TcpStream::connect(&address).await.unwrap();
        assert!(ask(&mut after).await);
    }
}
