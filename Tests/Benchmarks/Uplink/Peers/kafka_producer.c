// librdkafka's own producer, as one who wants throughput sets it up: idempotent, acks=all, zstd. The messages of a file go to
// partition 0 of a topic; printed is how long that took, from when the connection is made and a first record is
// confirmed to when all are, and the processor time of this process meanwhile: RECORDS SECONDS PROCESSOR-SECONDS.
//
// kafka_producer HOST:PORT TOPIC FILE; the file has of each message key and value behind their lengths, uint16 little-endian.
#include <fcntl.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

static long confirmed;

static void fail(const char *what) {
  fprintf(stderr, "kafka_producer: %s\n", what);
  exit(1);
}

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque) {
  (void)producer, (void)opaque;
  if (message->err) fail(rd_kafka_err2str(message->err));
  confirmed++;
}

static void set(rd_kafka_conf_t *configuration, const char *key, const char *value) {
  char reason[512];
  if (rd_kafka_conf_set(configuration, key, value, reason, sizeof reason) != RD_KAFKA_CONF_OK) fail(reason);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double processor_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int count, char **words) {
  if (count != 4) fail("HOST:PORT TOPIC FILE");
  rd_kafka_conf_t *configuration = rd_kafka_conf_new();
  set(configuration, "bootstrap.servers", words[1]);
  set(configuration, "enable.idempotence", "true");
  set(configuration, "acks", "all");
  set(configuration, "compression.codec", "zstd");
  // Batches that are full, as there is always more to send. A larger queue is slower: it does not stay in the caches.
  set(configuration, "linger.ms", "5");
  set(configuration, "batch.size", "1000000");
  set(configuration, "batch.num.messages", "10000");
  set(configuration, "queue.buffering.max.messages", "100000");
  rd_kafka_conf_set_dr_msg_cb(configuration, on_delivery);
  char reason[512];
  rd_kafka_t *producer = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, reason, sizeof reason);
  if (!producer) fail(reason);
  rd_kafka_topic_t *topic = rd_kafka_topic_new(producer, words[2], NULL);

  int file = open(words[3], O_RDONLY);
  struct stat information;
  if (file < 0 || fstat(file, &information) < 0) fail("the file cannot be read");
  // In memory before the time begins.
  char *messages = mmap(NULL, (size_t)information.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  if (messages == MAP_FAILED) fail("the file cannot be read");
  const char *end = messages + information.st_size;

  if (rd_kafka_produce(topic, 0, 0, "first", 5, NULL, 0, NULL)) fail("the first record is not taken");
  double deadline = now() + 20;
  while (confirmed == 0) {
    rd_kafka_poll(producer, 100);
    if (now() > deadline) fail("the broker does not confirm anything");
  }

  long produced = 0;
  double start = now(), processor_start = processor_seconds();
  for (const char *at = messages; at < end;) {
    unsigned short key_bytes, value_bytes;
    memcpy(&key_bytes, at, 2);
    memcpy(&value_bytes, at + 2, 2);
    at += 4;
    // Without copying the value, which stays where it is.
    while (rd_kafka_produce(topic, 0, 0, (char *)at + key_bytes, value_bytes, at, key_bytes, NULL)) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) fail(rd_kafka_err2str(rd_kafka_last_error()));
      rd_kafka_poll(producer, 10);
    }
    at += key_bytes + value_bytes;
    if (++produced % 1000 == 0) rd_kafka_poll(producer, 0);
  }
  while (confirmed < produced + 1) rd_kafka_poll(producer, 100);
  printf("%ld %.6f %.6f\n", produced, now() - start, processor_seconds() - processor_start);
  return 0;
}
