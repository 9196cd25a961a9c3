//! The classic attacks on whoever verifies: each has its result by the standard, and costs no more than its limits allow.

mod content;
mod spf;

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tegami_dns::{
    Answer, BoxFuture, Data, DnsError, DnsName, Record, RecordType, Resolver, Security, ZoneResolver,
};

/// A zone, and how often it was asked. Texts that no zone text could hold are put beside it.
struct Zone {
    zone: ZoneResolver,
    texts: HashMap<DnsName, Vec<u8>>,
    asked: Mutex<usize>,
}

impl Zone {
    fn new(text: &str) -> Self {
        let zone = ZoneResolver::from_text(text).unwrap();
        Self { zone, texts: HashMap::new(), asked: Mutex::default() }
    }

    fn with(mut self, name: &str, text: impl Into<Vec<u8>>) -> Self {
        self.texts.insert(DnsName::parse(name).unwrap(), text.into());
        self
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

impl Resolver for Zone {
    fn lookup<'a>(&'a self, name: &'a DnsName, kind: RecordType) -> BoxFuture<'a, Result<Answer, DnsError>> {
        *self.asked.lock().unwrap() += 1;
        match self.texts.get(name).filter(|_| kind == RecordType::Txt) {
            Some(text) => {
                let data = Data::Txt(text.clone().into());
                let record = Record { name: name.clone(), ttl: Duration::ZERO, data };
                let answer =
                    Answer { records: vec![record], aliases: Vec::new(), security: Security::Insecure };
                Box::pin(std::future::ready(Ok(answer)))
            }
            None => self.zone.lookup(name, kind),
        }
    }
}

/// The lines that `line` makes of the numbers below `count`.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(|number| line(number) + "\n").collect()
}
