// SPDX-License-Identifier: Apache-2.0
//
// The server that all cases share: its addresses, an admin client for it, names that nobody else has.

use std::future::Future;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rocketmq_client_rust::admin::default_mq_admin_ext_impl::DefaultMQAdminExtImpl;
use rocketmq_client_rust::admin::mq_admin_ext_async::MQAdminExt;
use rocketmq_client_rust::base::client_config::ClientConfig;
use rocketmq_common::common::message::message_queue::MessageQueue;
use rocketmq_rust::ArcMut;
use tokio::runtime::{Builder, Runtime};
use tracing_subscriber::filter::LevelFilter;

use crate::ctx::{Named, Outcome, eventually};

pub const REQUEST_MS: u64 = 20_000;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime"));

/// Lets the client's runtime finish this; a case itself is a thread.
pub fn wait<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(future)
}

/// Of the client's log on stderr: RUST_LOG, or nothing.
pub fn log_level() -> LevelFilter {
    std::env::var("RUST_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::OFF)
}

pub struct Server {
    pub namesrv: String,
    pub broker: String,
    pub broker_name: String,
    pub cluster: String,
    pub admin: ArcMut<DefaultMQAdminExtImpl>,
    run: String,
    names: AtomicU64,
}

impl Server {
    /// Learns the broker's address from the name server, to which it may be new: from the route of the topic that every
    /// broker has, as this client cannot read the answer to "which brokers are there".
    pub fn connect(namesrv: &str) -> Outcome<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?.as_millis();
        let config = client_config(namesrv, &format!("admin_{now:x}"));
        let mut admin =
            ArcMut::new(DefaultMQAdminExtImpl::new(None, Duration::from_millis(REQUEST_MS), ArcMut::new(config), "admin".into()));
        let inner = admin.clone();
        admin.set_inner(inner);
        wait(admin.start()).named("start of the admin client")?;
        let (cluster, broker_name, broker) = eventually("a broker at the name server", 30, || first_broker(&admin))?;
        let (namesrv, run) = (namesrv.to_string(), format!("{:x}", now % (1 << 32)));
        Ok(Self { namesrv, broker, broker_name, cluster, admin, run, names: AtomicU64::new(0) })
    }

    pub fn unique(&self, stem: &str) -> String {
        format!("{stem}_rust_{}_{}", self.run, self.names.fetch_add(1, Ordering::SeqCst))
    }

    /// Of a client of its own, with connections of its own.
    pub fn config(&self, stem: &str) -> ClientConfig {
        client_config(&self.namesrv, &self.unique(stem))
    }

    /// The queues that the name server names now.
    pub fn queues(&self, topic: &str) -> Vec<MessageQueue> {
        let Ok(Some(route)) = wait(self.admin.examine_topic_route_info(topic.into())) else {
            return Vec::new();
        };
        let queues_of = |data: &rocketmq_remoting::protocol::route::route_data_view::QueueData| {
            let broker = data.broker_name.clone();
            (0..data.write_queue_nums).map(move |number| MessageQueue::from_parts(topic, broker.clone(), number as i32))
        };
        route.queue_datas.iter().flat_map(queues_of).collect()
    }
}

fn client_config(namesrv: &str, instance: &str) -> ClientConfig {
    let mut config = ClientConfig::default();
    config.set_namesrv_addr(namesrv.into());
    config.set_instance_name(instance.into());
    config.set_mq_client_api_timeout(REQUEST_MS);
    config
}

fn first_broker(admin: &DefaultMQAdminExtImpl) -> Outcome<(String, String, String)> {
    let route = wait(admin.examine_topic_route_info("TBW102".into())).named("route")?.ok_or("no route")?;
    let data = route.broker_datas.first().ok_or("no broker")?;
    let address = data.broker_addrs().get(&0).ok_or("no master")?;
    Ok((data.cluster().to_string(), data.broker_name().to_string(), address.to_string()))
}
