// Just enough of a Kafka producer to choose the partition: Produce v0, message format 0, one request
// a connection. `lensart generate` and the gateway choose for themselves.

import {createConnection} from 'node:net';

const kCrc = Array.from({length: 256}, (_, i) => {
  let value = i;
  for (let bit = 0; bit < 8; ++bit) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = kCrc[(value ^ byte) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

function int(size, value) {
  const bytes = Buffer.alloc(size);
  if (size === 8) bytes.writeBigInt64BE(BigInt(value));
  else bytes.writeIntBE(value, 0, size);
  return bytes;
}

const text = (value) => Buffer.concat([int(2, Buffer.byteLength(value)), Buffer.from(value)]);

function message(payload) {
  const value = Buffer.from(payload);
  const body = Buffer.concat([int(1, 0), int(1, 0), int(4, -1), int(4, value.length), value]);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(body));
  return Buffer.concat([int(8, 0), int(4, body.length + 4), crc, body]);
}

function request(topic, partition, payloads) {
  const set = Buffer.concat(payloads.map(message));
  const body = Buffer.concat([
    int(2, 0), int(2, 0), int(4, 1), text('browser-test'),           // Produce, v0
    int(2, 1), int(4, 10_000),                                       // acks, timeout
    int(4, 1), text(topic), int(4, 1), int(4, partition), int(4, set.length), set]);
  return Buffer.concat([int(4, body.length), body]);
}

// Resolves when the leader has them. `brokers` is one address: the private stack has one broker.
export function produce(brokers, topic, partition, payloads) {
  const [host, port] = brokers.split(':');
  return new Promise((resolve, reject) => {
    const socket = createConnection({host, port: Number(port)}, () =>
        socket.write(request(topic, partition, payloads)));
    let answer = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes]);
      if (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) return;
      socket.end();
      // size, correlation, topics, topic, partitions, partition, error
      const code = answer.readInt16BE(4 + 4 + 4 + 2 + answer.readInt16BE(12) + 4 + 4);
      if (code === 0) resolve();
      else reject(new Error(`${topic}/${partition}: the broker says ${code}`));
    });
    socket.on('error', reject);
  });
}
