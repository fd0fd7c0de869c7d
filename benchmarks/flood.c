/* A closed-loop load of DNS questions over UDP, in batches: as cheap for the sender as it can be, so that what is measured
 * is the server. Loopback only.
 *
 *   flood PORT QUESTIONS SECONDS WINDOW SOCKETS [ADDRESSES]
 *
 * QUESTIONS is a file of messages, each with its length in two octets before it. So many of them as WINDOW says are in
 * flight, over all sockets, which have one address, or as many as are wanted. Prints one line: answers a second, sent, answered, lost, and answers that are none.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, MESSAGE_MAX = 4096, SOCKETS_MAX = 256, BUFFER = 4 << 20 };
static const double LOST_AFTER_SECONDS = 0.2;

struct peer {
    int socket;
    int in_flight;
    double heard; /* when the last answer came */
};

static unsigned char answers[BATCH][MESSAGE_MAX];

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static unsigned char **read_questions(const char *path, int **lengths, int *count) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    int room = 1024;
    unsigned char **questions = malloc((size_t)room * sizeof *questions);
    *lengths = malloc((size_t)room * sizeof **lengths);
    *count = 0;
    for (int high; (high = fgetc(file)) != EOF; ++*count) {
        if (*count == room) {
            room *= 2;
            questions = realloc(questions, (size_t)room * sizeof *questions);
            *lengths = realloc(*lengths, (size_t)room * sizeof **lengths);
        }
        int length = high << 8 | fgetc(file);
        questions[*count] = malloc((size_t)length);
        (*lengths)[*count] = length;
        if (fread(questions[*count], 1, (size_t)length, file) != (size_t)length) {
            fprintf(stderr, "%s is cut short\n", path);
            exit(1);
        }
    }
    fclose(file);
    return questions;
}

int main(int argc, char **argv) {
    if (argc < 6 || argc > 7) {
        fprintf(stderr, "flood PORT QUESTIONS SECONDS WINDOW SOCKETS [ADDRESSES]\n");
        return 2;
    }
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int *lengths, count, sockets = atoi(argv[5]), next = 0;
    unsigned char **questions = read_questions(argv[2], &lengths, &count);
    double seconds = atof(argv[3]);
    int addresses = argc == 7 ? atoi(argv[6]) : 0;
    int window = atoi(argv[4]) / sockets;
    int enough = (window + 3) / 4 < BATCH ? (window + 3) / 4 : BATCH; /* fewer at once are not worth a system call */
    if (window < 1 || sockets > SOCKETS_MAX || count < 1) return 2;

    struct peer peers[SOCKETS_MAX];
    for (int i = 0; i < sockets; i++) {
        int size = BUFFER;
        peers[i] = (struct peer){socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), 0, now()};
        setsockopt(peers[i].socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
        if (addresses > 0) {
            struct sockaddr_in own = {.sin_family = AF_INET};
            own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 0x10000 + (unsigned)(i % addresses)); /* 127.1.0.1 and on */
            if (bind(peers[i].socket, (void *)&own, sizeof own)) return 1;
        }
        if (connect(peers[i].socket, (void *)&server, sizeof server)) return 1;
    }
    struct mmsghdr incoming[BATCH], outgoing[BATCH];
    struct iovec in[BATCH], out[BATCH];
    memset(incoming, 0, sizeof incoming);
    memset(outgoing, 0, sizeof outgoing);
    for (int i = 0; i < BATCH; i++) {
        in[i] = (struct iovec){answers[i], MESSAGE_MAX};
        incoming[i].msg_hdr.msg_iov = &in[i];
        outgoing[i].msg_hdr.msg_iov = &out[i];
        incoming[i].msg_hdr.msg_iovlen = outgoing[i].msg_hdr.msg_iovlen = 1;
    }

    long sent = 0, received = 0, lost = 0, wrong = 0;
    double begun = now(), time = begun;
    while (time - begun < seconds) {
        for (struct peer *peer = peers; peer < peers + sockets; peer++) {
            int got = recvmmsg(peer->socket, incoming, BATCH, MSG_DONTWAIT, NULL);
            if (got > 0) {
                peer->in_flight -= got;
                peer->heard = time;
                received += got;
                for (int i = 0; i < got; i++) {
                    int rcode = answers[i][3] & 15;
                    wrong += incoming[i].msg_len < 12 || !(answers[i][2] & 0x80) || (rcode != 0 && rcode != 3);
                }
            } else if (window - peer->in_flight < enough && time - peer->heard > LOST_AFTER_SECONDS) {
                lost += peer->in_flight;
                peer->in_flight = 0;
                peer->heard = time;
            }
            int free = window - peer->in_flight < BATCH ? window - peer->in_flight : BATCH;
            if (free >= enough) {
                for (int i = 0; i < free; i++) {
                    questions[next][0]++; /* another id each time */
                    out[i] = (struct iovec){questions[next], (size_t)lengths[next]};
                    next = (next + 1) % count;
                }
                int done = sendmmsg(peer->socket, outgoing, (unsigned)free, 0);
                if (done > 0) {
                    peer->in_flight += done;
                    sent += done;
                }
            }
        }
        time = now();
    }
    printf("%.0f %ld %ld %ld %ld\n", (double)received / (time - begun), sent, received, lost, wrong);
    return 0;
}
