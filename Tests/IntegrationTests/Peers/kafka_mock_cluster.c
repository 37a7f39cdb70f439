// A Kafka cluster that can be told to fail: librdkafka's own, which knows leaders, metadata and errors, and nothing of what it
// stores: it checks no sequence and drops no duplicate. Usage: kafka_mock_cluster BROKERS
//
// Prints the brokers' addresses, then `OK` for each line of standard input that it has carried out:
//   topic NAME PARTITIONS        makes a topic
//   leader NAME PARTITION BROKER has the broker lead the partition; brokers are numbered from 1
//   down BROKER / up BROKER      takes its listener and its connections away, or gives them back
//   delay BROKER MILLISECONDS    how long each of its answers takes
//   err APIKEY CODE...           the next requests of that kind are answered so, one each, and nothing is stored
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool push_errors(rd_kafka_mock_cluster_t *cluster, const char *words) {
  int api, read;
  if (sscanf(words, "err %d%n", &api, &read) != 1) return false;
  rd_kafka_resp_err_t codes[256];
  size_t count = 0;
  for (int code, more; count < 256 && sscanf(words + read, "%d%n", &code, &more) == 1; read += more) codes[count++] = code;
  rd_kafka_mock_push_request_errors_array(cluster, (int16_t)api, count, codes);
  return true;
}

static bool carry_out(rd_kafka_mock_cluster_t *cluster, const char *line) {
  char name[128];
  int first, second;
  if (sscanf(line, "topic %127s %d", name, &first) == 2) return !rd_kafka_mock_topic_create(cluster, name, first, 3);
  if (sscanf(line, "leader %127s %d %d", name, &first, &second) == 3)
    return !rd_kafka_mock_partition_set_leader(cluster, name, first, second);
  if (sscanf(line, "down %d", &first) == 1) return !rd_kafka_mock_broker_set_down(cluster, first);
  if (sscanf(line, "up %d", &first) == 1) return !rd_kafka_mock_broker_set_up(cluster, first);
  if (sscanf(line, "delay %d %d", &first, &second) == 2) return !rd_kafka_mock_broker_set_rtt(cluster, first, second);
  return push_errors(cluster, line);
}

int main(int count, char **words) {
  char problem[512];
  if (count != 2) return 64;
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), problem, sizeof problem);
  rd_kafka_mock_cluster_t *cluster = client ? rd_kafka_mock_cluster_new(client, atoi(words[1])) : NULL;
  if (!cluster) return 1;
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
  char line[4096];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    printf("%s: %s\n", carry_out(cluster, line) ? "OK" : "FAILED", line);
  }
  rd_kafka_mock_cluster_destroy(cluster);
  rd_kafka_destroy(client);
  return 0;
}
