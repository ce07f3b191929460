//! A very cheap HTTP/1.1 client: one kept-alive connection, one request at a time, bytes in and bytes out.
//!
//! It exists so that the generator costs little beside the server it measures. It must never be used against strangers: it
//! understands only what our server and sinks answer (a length, chunks, or no body).

use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One kept-alive connection. After an error it must be thrown away.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// Status and body of an answer.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl Connection {
    /// Connects without delay for small writes.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends whole request bytes and reads the whole answer.
    pub async fn send(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        let head = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            self.read_more().await?;
        };
        let (status, length) = read_head(&self.buffer[..head])?;
        let body = match length {
            Length::Known(length) => {
                while self.buffer.len() < head + length {
                    self.read_more().await?;
                }
                let body = self.buffer[head..head + length].to_vec();
                self.buffer.drain(..head + length);
                body
            }
            Length::Chunked => {
                self.buffer.drain(..head);
                self.read_chunks().await?
            }
        };
        Ok(Answer { status, body })
    }

    async fn read_more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }

    async fn read_chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                if let Some(at) = find(&self.buffer, b"\r\n") {
                    break at;
                }
                self.read_more().await?;
            };
            let size = usize::from_str_radix(std::str::from_utf8(&self.buffer[..line])?.trim(), 16)?;
            while self.buffer.len() < line + 2 + size + 2 {
                self.read_more().await?;
            }
            body.extend_from_slice(&self.buffer[line + 2..line + 2 + size]);
            self.buffer.drain(..line + 2 + size + 2);
            if size == 0 {
                return Ok(body);
            }
        }
    }
}

enum Length {
    Known(usize),
    Chunked,
}

fn read_head(head: &[u8]) -> Result<(u16, Length)> {
    let head = std::str::from_utf8(head)?;
    let status: u16 = head.get(9..12).context("no status line")?.parse()?;
    let mut length = Length::Known(0);
    for line in head.lines().skip(1) {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            length = Length::Known(value.trim().parse()?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") && value.trim().eq_ignore_ascii_case("chunked") {
            length = Length::Chunked;
        }
    }
    Ok((status, length))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// One JSON request on a connection of its own; for set-up, not for load.
pub async fn json(
    address: SocketAddr,
    method: &str,
    path: &str,
    bearer: Option<&str>,
    body: Option<&serde_json::Value>,
) -> Result<(u16, serde_json::Value)> {
    let body = body.map(ToString::to_string).unwrap_or_default();
    let authorization = bearer.map(|bearer| format!("Authorization: Bearer {bearer}\r\n")).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\nContent-Type: application/json\r\n{authorization}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = Connection::open(address).await?.send(request.as_bytes()).await?;
    Ok((answer.status, serde_json::from_slice(&answer.body).unwrap_or(serde_json::Value::Null)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_in_any_case() {
        let (status, length) = read_head(b"HTTP/1.1 201 Created\r\ncontent-length: 12\r\n\r\n").expect("good head");
        assert!(status == 201 && matches!(length, Length::Known(12)));
        let (_, length) = read_head(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").expect("good head");
        assert!(matches!(length, Length::Chunked));
        let (status, length) = read_head(b"HTTP/1.1 204 No Content\r\n\r\n").expect("good head");
        assert!(status == 204 && matches!(length, Length::Known(0)));
    }
}
