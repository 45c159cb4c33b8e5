//! An instance of the account: a container that was launched with the account's variables in clear.

use std::fmt;

/// An instance as the server describes it; what it leaves out is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    pub id: u64,
    pub label: Option<String>,
    /// `running`, `loading`, `exited` or another word of the server.
    pub status: Option<String>,
    pub gpu: Option<String>,
    pub gpu_count: Option<u64>,
    /// Where its sshd is reached.
    pub ssh: Option<SshAddress>,
}

/// The status of an instance that can be reached.
pub const RUNNING: &str = "running";

impl Instance {
    /// `2x RTX 4090`; empty where the server names no GPU.
    pub fn gpus(&self) -> String {
        match (self.gpu_count, self.gpu.as_deref()) {
            (_, None) => String::new(),
            (None | Some(1), Some(gpu)) => gpu.to_owned(),
            (Some(count), Some(gpu)) => format!("{count}x {gpu}"),
        }
    }
}

/// Where the user `root` logs in: a host that `ssh` takes for one and never for an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshAddress {
    host: String,
    port: u16,
}

impl SshAddress {
    /// `None` where this is not a host name or address, or not a port.
    pub fn new(host: &str, port: u64) -> Option<Self> {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
        let is_host = !host.is_empty() && !host.starts_with('-') && host.bytes().all(is_part);
        let port = u16::try_from(port).ok().filter(|port| *port > 0)?;
        is_host.then(|| Self { host: host.to_owned(), port })
    }
}

/// As `ssh` takes it for a destination, and `vastai ssh-url` prints it.
impl fmt::Display for SshAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') {
            write!(formatter, "ssh://root@[{host}]:{port}")
        } else {
            write!(formatter, "ssh://root@{host}:{port}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_destination_and_never_an_option() {
        for (host, port, shown) in [
            ("203.0.113.7", 20_544, Some("ssh://root@203.0.113.7:20544")),
            ("ssh5.vast.ai", 65_535, Some("ssh://root@ssh5.vast.ai:65535")),
            ("2001:db8::7", 22, Some("ssh://root@[2001:db8::7]:22")),
            ("-oProxyCommand=touch x", 22, None),
            ("-x", 22, None),
            ("a b", 22, None),
            ("a\nb", 22, None),
            ("root@host", 22, None),
            ("host/..", 22, None),
            ("", 22, None),
            ("host", 0, None),
            ("host", 65_536, None),
        ] {
            let address = SshAddress::new(host, port).map(|address| address.to_string());
            assert_eq!(address.as_deref(), shown, "{host:?} {port}");
        }
    }

    #[test]
    fn gpus_are_counted_where_there_are_several() {
        let gpus = |count, gpu: Option<&str>| {
            let (gpu, gpu_count) = (gpu.map(str::to_owned), count);
            Instance { id: 1, label: None, status: None, gpu, gpu_count, ssh: None }.gpus()
        };
        assert_eq!(gpus(Some(1), Some("RTX 4090")), "RTX 4090");
        assert_eq!(gpus(Some(8), Some("H100")), "8x H100");
        assert_eq!(gpus(None, Some("H100")), "H100");
        assert_eq!(gpus(Some(2), None), "");
    }
}
