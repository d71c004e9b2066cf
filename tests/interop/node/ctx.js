// SPDX-License-Identifier: Apache-2.0
//
// What the cases share (the server's addresses, a client to create topics with) and what one case works with: names of its
// own, producers, consumers that keep what they get, and checks whose failure says what was expected and what came.
'use strict';

const { inspect, isDeepStrictEqual } = require('node:util');
const { Producer, Consumer, Message } = require('ali-ons');

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
const brief = value => inspect(value, { breakLength: Infinity, maxArrayLength: 40 }).slice(0, 400);
const quiet = { info() {}, warn() {}, debug() {}, error: (...what) => console.error(...what) };

class Server {
  constructor(namesrv) {
    this.namesrv = namesrv;
    this.run = Math.floor(Math.random() * 2 ** 30).toString(36);
    this.names = 0;
  }

  unique(stem) {
    return `${stem}_node_${this.run}_${++this.names}`;
  }

  /** httpclient is asked for, but never called where nameSrv is given; onsAddr is a public address by default. */
  options(more) {
    return {
      nameSrv: this.namesrv, onsAddr: '', httpclient: { request() {} }, logger: quiet, instanceName: this.unique('i'),
      clientIP: '127.0.0.1', ...more,
    };
  }

  async connect() {
    this.producer = new Producer(this.options({ producerGroup: this.unique('P') }));
    this.producer.on('error', error => console.error(error.message));
    await this.producer.ready();
    this.client = this.producer._mqClient;
    for (const end = Date.now() + 30000; ; await sleep(200)) { // the broker may be new to the name server
      try {
        const route = await this.client.getTopicRouteInfoFromNameServer('TBW102', 3000);
        this.broker = route.brokerDatas[0].brokerAddrs[0];
        return;
      } catch (error) {
        if (Date.now() > end) throw error;
      }
    }
  }
}

class Sink {
  constructor(t, consumer) {
    Object.assign(this, { t, consumer, got: [], open: true });
  }

  bodies() {
    return this.got.map(message => message.body.toString());
  }

  async awaitCount(count) {
    await this.t.until(`${count} messages`, 30000, () => this.got.length >= count, () => this.got.length);
  }

  /** These bodies in any order, and a moment later nothing more. */
  async awaitExactly(bodies) {
    await this.awaitCount(bodies.length);
    await sleep(100);
    this.t.equal('bodies', [...bodies].sort(), this.bodies().sort());
  }

  async stop() {
    if (!this.open) return;
    this.open = false;
    await this.consumer.close();
  }
}

class Ctx {
  constructor(server) {
    this.server = server;
    this.owned = [];
  }

  unique(stem) {
    return this.server.unique(stem);
  }

  fail(cause) {
    throw new Error(cause);
  }

  equal(what, expected, got) {
    if (!isDeepStrictEqual(expected, got)) this.fail(`${what}: expected ${brief(expected)}, got ${brief(got)}`);
  }

  async until(what, ms, holds, state) {
    for (const end = Date.now() + ms; !await holds(); await sleep(20)) {
      if (Date.now() > end) this.fail(`${what} not within ${ms} ms; there is ${brief(state())}`);
    }
  }

  /** Creates a topic and waits until the name server gives its route. */
  async topic(queues) {
    const topic = this.unique('T');
    const config = {
      topicName: topic, readQueueNums: queues, writeQueueNums: queues, perm: 6, topicFilterType: 'SINGLE_TAG', topicSysFlag: 0, order: false,
    };
    await this.server.client.createTopic(this.server.broker, 'TBW102', config, 5000);
    await this.until('route of the new topic', 10000, async () => (await this.queues(topic)) === queues, () => topic);
    return topic;
  }

  /** How many queues the route of the topic has; 0 where there is none. */
  async queues(topic) {
    try {
      return (await this.server.client.getTopicRouteInfoFromNameServer(topic, 3000)).queueDatas[0].writeQueueNums;
    } catch {
      return 0;
    }
  }

  message(topic, body, tags, more = {}) {
    const message = new Message(topic, tags || '', body);
    return Object.assign(message, more);
  }

  async producer(more = {}) {
    const producer = new Producer(this.server.options({ producerGroup: this.unique('P'), sendMsgTimeout: 20000, retryTimesWhenSendFailed: 0, ...more }));
    producer.on('error', error => console.error(error.message));
    await producer.ready();
    this.owned.push(() => producer.close());
    return producer;
  }

  async send(producer, message) {
    const sent = await producer.send(message);
    this.equal('status of the send', 'SEND_OK', sent.sendStatus);
    return sent;
  }

  async sendMany(producer, topic, count, prefix) {
    const bodies = Array.from({ length: count }, (_, i) => `${prefix}${i}`);
    for (const body of bodies) await this.send(producer, this.message(topic, body));
    return bodies;
  }

  /** Starts a consumer; the first `failFirst` messages are to be retried. */
  async push(topic, { group = this.unique('G'), tags = '*', failFirst = 0, ...more } = {}) {
    const consumer = new Consumer(this.server.options({
      consumerGroup: group, consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET', rebalanceInterval: 500, heartbeatBrokerInterval: 1000, ...more,
    }));
    consumer.on('error', error => console.error(error.message));
    const sink = new Sink(this, consumer);
    consumer.subscribe(topic, tags, async message => {
      sink.got.push(Object.assign(Object.create(Object.getPrototypeOf(message)), message));
      return failFirst-- > 0 ? Consumer.ACTION_RETRY : undefined;
    });
    this.owned.push(() => sink.stop());
    await consumer.ready();
    return sink;
  }

  async close() {
    for (const end of this.owned.reverse()) {
      try {
        await Promise.race([end(), sleep(5000)]);
      } catch (error) {
        console.error(error.message);
      }
    }
  }
}

module.exports = { Server, Ctx, sleep };
