// SPDX-License-Identifier: Apache-2.0
//
// The rows of RocketMQ's configuration keys.
// Runs on: any agent.  Owns: constant data.  Invariant: see rocketmq_keys.h.
#include "table/rocketmq_keys.h"

#include "table/rocketmq_convert.h"

#include <iterator>

namespace bolide::table {
namespace {

using enum RocketmqFile;
namespace cv = rocketmq_convert;

constexpr std::string_view no_pools = "requests are not handed to thread pools with queues";
constexpr std::string_view no_replicas = "replication is not supported yet";
constexpr std::string_view own_pop = "POP works in another way here (docs/compatibility.md)";
constexpr std::string_view own_index = "Bolide's index files are its own and size themselves";
constexpr std::string_view own_metrics = "Prometheus asks Bolide itself: see admin.listen";
constexpr std::string_view own_registration = "registration always sends the whole table";
constexpr std::string_view by_capability = "it works whether it is set or not";
constexpr std::string_view not_here = "Bolide does not have this feature";
constexpr std::string_view of_the_jvm = "it tunes Java's network library";
constexpr std::string_view in_data_dir = "Bolide derives its place from server.data_dir";

constexpr RocketmqKey sets(std::string_view key, RocketmqFile file, Opt opt,
                           RocketmqConvert convert = cv::same) {
  return {key, file, RocketmqKey::Use::option, opt, convert, "", ""};
}
// `harmless` is the value that describes what Bolide does anyway.
constexpr RocketmqKey ignored(std::string_view key, RocketmqFile file, std::string_view reason,
                              std::string_view harmless = "") {
  return {key, file, RocketmqKey::Use::ignored, Opt::count, nullptr, harmless, reason};
}
constexpr RocketmqKey demanded(std::string_view key, RocketmqFile file, std::string_view value,
                               std::string_view reason) {
  return {key, file, RocketmqKey::Use::demanded, Opt::count, nullptr, value, reason};
}
constexpr RocketmqKey place(std::string_view key, std::string_view inside) {
  return {key,
          broker,
          RocketmqKey::Use::place,
          Opt::count,
          nullptr,
          inside,
          "the commit log always stands there"};
}

constexpr RocketmqKey rows[] = {
    // Broker and store: keys with an option.
    sets("listenPort", broker, Opt::broker_listen, cv::port),
    sets("bindAddress", broker, Opt::broker_listen, cv::host),
    sets("brokerIP1", broker, Opt::broker_advertise, cv::bare_host),
    sets("brokerName", broker, Opt::broker_name),
    sets("brokerClusterName", broker, Opt::broker_cluster),
    sets("brokerId", broker, Opt::broker_id),
    sets("namesrvAddr", broker, Opt::broker_naming_servers),
    sets("registerNameServerPeriod", broker, Opt::broker_register_interval_ms),
    sets("registerBrokerTimeoutMills", broker, Opt::broker_register_timeout_ms),
    sets("channelExpiredTimeout", broker, Opt::broker_client_timeout_ms),
    sets("autoCreateTopicEnable", broker, Opt::broker_auto_create_topics),
    sets("autoCreateSubscriptionGroup", broker, Opt::broker_auto_create_groups),
    sets("defaultTopicQueueNums", broker, Opt::broker_default_queues),
    sets("brokerPermission", broker, Opt::broker_permission),
    sets("maxMessageSize", broker, Opt::broker_max_message_bytes),
    sets("maxTransferCountOnMessageInMemory", broker, Opt::broker_pull_max_messages),
    sets("maxTransferBytesOnMessageInMemory", broker, Opt::broker_pull_max_bytes),
    sets("maxLmqConsumeQueueNum", broker, Opt::broker_light_queues_max),
    sets("maxLiteSubscriptionCount", broker, Opt::broker_lite_subscriptions_max),
    sets("liteSubscriptionCheckTimeoutMills", broker, Opt::broker_lite_subscription_timeout_ms),
    sets("flushConsumerOffsetInterval", broker, Opt::broker_offset_flush_interval_ms),
    sets("regionId", broker, Opt::broker_region),
    sets("traceOn", broker, Opt::broker_trace_on),
    sets("traceTopicEnable", broker, Opt::broker_trace_topic_enabled),
    sets("msgTraceTopicName", broker, Opt::broker_trace_topic),
    sets("storePathRootDir", broker, Opt::server_data_dir),
    sets("flushDiskType", broker, Opt::store_reply_level, cv::flush_disk_type),
    sets("flushIntervalCommitLog", broker, Opt::store_flush_interval_ms),
    sets("mappedFileSizeCommitLog", broker, Opt::store_segment_bytes),
    sets("fileReservedTime", broker, Opt::store_retention_hours),
    sets("diskSpaceCleanForciblyRatio", broker, Opt::store_disk_max_used_percent),
    sets("diskSpaceWarningLevelRatio", broker, Opt::store_disk_full_percent),
    sets("serverChannelMaxIdleTimeSeconds", any, Opt::net_idle_timeout_ms, cv::seconds),
    sets("tls.server.mode", any, Opt::tls_mode),
    sets("tls.server.certPath", any, Opt::tls_certificate),
    sets("tls.server.keyPath", any, Opt::tls_key),
    sets("tls.server.keyPassword", any, Opt::tls_key_password),
    sets("useTLS", broker, Opt::tls_peers, cv::use_tls),

    // Name server: keys with an option.
    sets("listenPort", naming, Opt::naming_listen, cv::port),
    sets("bindAddress", naming, Opt::naming_listen, cv::host),
    sets("scanNotActiveBrokerInterval", naming, Opt::naming_scan_interval_ms),

    // What must not be ignored: the server would do something else than was asked for.
    demanded("brokerRole", broker, "ASYNC_MASTER", no_replicas),
    demanded("enableControllerMode", broker, "false", no_replicas),
    demanded("enableSlaveActingMaster", broker, "false", no_replicas),
    demanded("enableDLegerCommitLog", broker, "false", "a DLedger log cannot be read"),
    demanded("storeType", broker, "default", "only the commit log's default layout can be read"),
    demanded("totalReplicas", broker, "1", no_replicas),
    demanded("inSyncReplicas", broker, "1", no_replicas),
    demanded("minInSyncReplicas", broker, "1", no_replicas),
    demanded("allAckInSyncStateSet", broker, "false", no_replicas),
    demanded("aclEnable", broker, "false", "access control is not supported yet"),
    demanded("authenticationEnabled", broker, "false", "access control is not supported yet"),
    demanded("authorizationEnabled", broker, "false", "access control is not supported yet"),
    demanded("rejectTransactionMessage", broker, "false", not_here),
    demanded("rejectPullConsumerEnable", broker, "false", not_here),
    demanded("enableControllerInNamesrv", naming, "false", no_replicas),
    demanded("supportActingMaster", naming, "false", no_replicas),
    place("storePathCommitLog", "commitlog"),

    // Broker: keys without effect.
    ignored("rocketmqHome", any, "Bolide needs no installation directory"),
    ignored("configBlackList", any, "settings cannot be changed by a remote request"),
    ignored("brokerConfigPath", broker, "the file is named on the command line"),
    ignored("brokerIP2", broker, no_replicas),
    ignored("clusterTopicEnable", broker, by_capability, "true"),
    ignored("brokerTopicEnable", broker, by_capability, "true"),
    ignored("enablePropertyFilter", broker, by_capability, "true"),
    ignored("filterSupportRetry", broker, not_here, "false"),
    ignored("longPollingEnable", broker, "set broker.long_poll_max_ms to 0 instead", "true"),
    ignored("shortPollingTimeMills", broker, "a pull either waits for messages or does not"),
    ignored("notifyConsumerIdsChangedEnable", broker, by_capability, "true"),
    ignored("slaveReadEnable", broker, no_replicas, "false"),
    ignored("litePullMessageEnable", broker, by_capability, "true"),
    ignored("brokerFastFailureEnable", broker, "a busy server refuses at once, without queues"),
    ignored("waitTimeMillsInSendQueue", broker, no_pools),
    ignored("waitTimeMillsInPullQueue", broker, no_pools),
    ignored("waitTimeMillsInLitePullQueue", broker, no_pools),
    ignored("waitTimeMillsInHeartbeatQueue", broker, no_pools),
    ignored("waitTimeMillsInTransactionQueue", broker, no_pools),
    ignored("waitTimeMillsInAckQueue", broker, no_pools),
    ignored("waitTimeMillsInAdminBrokerQueue", broker, no_pools),
    ignored("sendMessageThreadPoolNums", broker, no_pools),
    ignored("pullMessageThreadPoolNums", broker, no_pools),
    ignored("litePullMessageThreadPoolNums", broker, no_pools),
    ignored("queryMessageThreadPoolNums", broker, no_pools),
    ignored("adminBrokerThreadPoolNums", broker, no_pools),
    ignored("clientManageThreadPoolNums", broker, no_pools),
    ignored("consumerManageThreadPoolNums", broker, no_pools),
    ignored("heartbeatThreadPoolNums", broker, no_pools),
    ignored("endTransactionThreadPoolNums", broker, no_pools),
    ignored("processReplyMessageThreadPoolNums", broker, no_pools),
    ignored("ackMessageThreadPoolNums", broker, no_pools),
    ignored("sendThreadPoolQueueCapacity", broker, no_pools),
    ignored("pullThreadPoolQueueCapacity", broker, no_pools),
    sets("transactionTimeOut", broker, Opt::broker_transaction_timeout_ms),
    sets("transactionCheckMax", broker, Opt::broker_transaction_checks_max),
    sets("transactionCheckInterval", broker, Opt::broker_transaction_check_interval_ms),
    ignored("forceRegister", broker, own_registration, "true"),
    ignored("compressedRegister", broker, own_registration, "false"),
    ignored("enableSingleTopicRegister", broker, own_registration, "false"),
    ignored("enableSplitRegistration", broker, own_registration, "false"),
    ignored("fetchNamesrvAddrByAddressServer", broker, "name the servers in namesrvAddr", "false"),
    ignored("useServerSideResetOffset", broker, "the broker always resets offsets", "true"),
    ignored("lockInStrictMode", broker, not_here, "false"),
    ignored("controllerAddr", broker, no_replicas),
    ignored("enableRemoteEscape", broker, no_replicas, "false"),
    ignored("brokerHeartbeatInterval", broker, no_replicas),
    ignored("brokerNotActiveTimeoutMillis", broker, no_replicas),
    ignored("serverLoadBalancerEnable", broker, by_capability),
    ignored("defaultMessageRequestMode", broker, own_pop, "PULL"),
    ignored("defaultPopShareQueueNum", broker, own_pop),
    ignored("popPollingSize", broker, own_pop),
    ignored("maxPopPollingSize", broker, own_pop),
    ignored("reviveQueueNum", broker, own_pop),
    ignored("popFromRetryProbability", broker, own_pop),
    ignored("enablePopBufferMerge", broker, own_pop),
    ignored("enableRetryTopicV2", broker, own_pop, "false"),
    ignored("retrieveMessageFromPopRetryTopicV1", broker, own_pop),
    ignored("popConsumerKVServiceEnable", broker, own_pop),
    ignored("popResponseReturnActualRetryTopic", broker, own_pop),
    sets("recallMessageEnable", broker, Opt::broker_recall_enabled),
    ignored("storeReplyMessageEnable", broker, "replies are passed on and not stored", "false"),
    ignored("asyncSendEnable", broker, by_capability, "true"),
    ignored("transferMsgByHeap", broker, "messages leave from the store without a copy"),
    ignored("coldCtrStrategyEnable", broker, "cold reads never hold up the others"),
    ignored("metricsExporterType", broker, own_metrics, "DISABLE"),
    ignored("metricsPromExporterPort", broker, own_metrics),
    ignored("metricsPromExporterHost", broker, own_metrics),
    ignored("metricsGrpcExporterTarget", broker, own_metrics),
    ignored("configManagerVersion", broker, "metadata is kept in Bolide's own journal"),
    ignored("enableMixedMessageType", broker, by_capability),
    ignored("clearRetryTopicWhenDeleteTopic", broker, by_capability, "true"),

    // Store: keys without effect.
    ignored("storePathConsumeQueue", broker, in_data_dir),
    ignored("storePathIndex", broker, in_data_dir),
    ignored("storeCheckpoint", broker, in_data_dir),
    ignored("abortFile", broker, in_data_dir),
    ignored("mappedFileSizeConsumeQueue", broker, own_index),
    ignored("messageIndexEnable", broker, "messages are always found by key", "true"),
    ignored("maxHashSlotNum", broker, own_index),
    ignored("maxIndexNum", broker, own_index),
    ignored("enableConsumeQueueExt", broker, own_index),
    ignored("diskMaxUsedSpaceRatio", broker, "old files are deleted as they expire", "75"),
    ignored("deleteWhen", broker, "old files are deleted as they expire, at any hour", "04"),
    ignored("maxTransferCountOnMessageInDisk", broker, "one limit holds for memory and disk"),
    ignored("maxTransferBytesOnMessageInDisk", broker, "one limit holds for memory and disk"),
    ignored("accessMessageInMemoryMaxRatio", broker, "reads do not depend on a share of memory"),
    sets("messageDelayLevel", broker, Opt::broker_delay_levels),
    ignored("timerWheelEnable", broker, by_capability, "true"),
    sets("timerMaxDelaySec", broker, Opt::broker_timer_max_delay_ms, cv::seconds),
    ignored("timerPrecisionMs", broker, "times are kept to the millisecond"),
    ignored("haListenPort", broker, no_replicas),
    ignored("haMasterAddress", broker, no_replicas),
    ignored("haSendHeartbeatInterval", broker, no_replicas),
    ignored("haHousekeepingInterval", broker, no_replicas),
    ignored("haTransferBatchSize", broker, no_replicas),
    ignored("haMaxGapNotInSync", broker, no_replicas),
    ignored("slaveTimeout", broker, no_replicas),
    ignored("syncFlushTimeout", broker, "a send with store.reply_level sync waits for its sync"),
    ignored("flushCommitLogTimed", broker, "the log is always synced at its interval"),
    ignored("flushCommitLogLeastPages", broker, "the log is always synced at its interval"),
    ignored("flushCommitLogThoroughInterval", broker, "the log is always synced at its interval"),
    ignored("transientStorePoolEnable", broker, "Bolide writes through one buffer of its own"),
    ignored("transientStorePoolSize", broker, "Bolide writes through one buffer of its own"),
    ignored("warmMapedFileEnable", broker, "files are not mapped for writing"),
    ignored("useReentrantLockWhenPutMessage", broker, "one agent writes; there is no lock"),
    ignored("enableLmq", broker, by_capability, "true"),
    ignored("enableMultiDispatch", broker, by_capability, "true"),
    ignored("enableCompaction", broker, by_capability),
    ignored("osPageCacheBusyTimeOutMills", broker, "a busy disk shows as back-pressure"),
    ignored("defaultQueryMaxNum", broker, "the request says how many messages it wants"),
    ignored("putMessageTimeout", broker, "a busy disk shows as back-pressure"),
    ignored("coldDataFlowControlEnable", broker, "cold reads never hold up the others"),
    ignored("maxTopicLength", broker, "topic names have RocketMQ's limit of 127", "127"),

    // Name server: keys without effect.
    ignored("notifyMinBrokerIdChanged", naming, no_replicas, "false"),
    ignored("orderMessageEnable", naming, not_here, "false"),
    ignored("enableAllTopicList", naming, by_capability, "true"),
    ignored("enableTopicList", naming, by_capability, "true"),
    ignored("needWaitForService", naming, "it serves as soon as it listens", "false"),
    ignored("waitSecondsForService", naming, "it serves as soon as it listens"),
    ignored("deleteTopicWithBrokerRegistration", naming, not_here, "false"),
    ignored("kvConfigPath", naming, in_data_dir),
    ignored("configStorePath", naming, "the file is named on the command line"),
    ignored("clusterTest", naming, not_here, "false"),
    ignored("unRegisterBrokerQueueCapacity", naming, no_pools),
    ignored("clientRequestThreadPoolNums", naming, no_pools),
    ignored("clientRequestThreadPoolQueueCapacity", naming, no_pools),
    ignored("defaultThreadPoolNums", naming, no_pools),
    ignored("defaultThreadPoolQueueCapacity", naming, no_pools),

    // The network library, in both.
    ignored("serverWorkerThreads", any, of_the_jvm),
    ignored("serverCallbackExecutorThreads", any, of_the_jvm),
    ignored("serverSelectorThreads", any, of_the_jvm),
    ignored("serverOnewaySemaphoreValue", any, of_the_jvm),
    ignored("serverAsyncSemaphoreValue", any, of_the_jvm),
    ignored("serverSocketSndBufSize", any, of_the_jvm),
    ignored("serverSocketRcvBufSize", any, of_the_jvm),
    ignored("serverSocketBacklog", any, of_the_jvm),
    ignored("serverPooledByteBufAllocatorEnable", any, of_the_jvm),
    ignored("useEpollNativeSelector", any, of_the_jvm),
    ignored("enableShutdownGracefully", any, "a stop always answers what was accepted"),
};

}  // namespace

std::span<const RocketmqKey> rocketmq_keys() {
  return rows;
}

const RocketmqKey* find_rocketmq_key(std::string_view key, RocketmqFile file) {
  for (const RocketmqKey& row : rows) {
    const bool fits = file == any || row.file == any || row.file == file;
    if (fits && row.key == key) return &row;
  }
  return nullptr;
}

std::string rocketmq_keys_of(Opt opt) {
  std::string keys;
  for (const RocketmqKey& row : rows) {
    if (row.use != RocketmqKey::Use::option || row.opt != opt) continue;
    if (!keys.empty()) keys += ", ";
    keys += row.key;
  }
  return keys;
}

}  // namespace bolide::table
