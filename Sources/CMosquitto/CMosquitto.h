#pragma once
#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <string.h>

/// Why the system call behind MOSQ_ERR_ERRNO failed.
static inline const char *mosquitto_system_error(void) { return strerror(errno); }
static inline size_t mosquitto_topic_length(const struct mosquitto_message *message) { return strlen(message->topic); }
