/* The floor: what a loop around epoll costs that does nothing but answer. It sends the bytes of a
 * file to each request, whatever was asked; with the word `close`, it closes the connection then.
 * A request ends with an empty line, so one with a body is not understood. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 256, INPUT = 16 * 1024, BACKLOG = 65535, MOST_UNSENT = 64 * 1024 };

struct peer {
    int socket;
    int matched;  /* bytes of the end of a head that have been read */
    int due;      /* answers that are not all sent */
    size_t sent;  /* bytes of the answer under way */
    bool waiting; /* for the socket to take more */
};

static char *answer;
static size_t length;
static bool closes;
static int watch, listener;

static void check(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(1);
}

static void load(const char *path)
{
    FILE *file = fopen(path, "rb");
    check(file && !fseek(file, 0, SEEK_END), path);
    length = (size_t)ftell(file);
    rewind(file);
    answer = malloc(length);
    check(answer && fread(answer, 1, length, file) == length, path);
    fclose(file);
}

static void attend(int operation, int socket, uint32_t events, struct peer *peer)
{
    struct epoll_event event = {.events = events, .data.ptr = peer};
    check(!epoll_ctl(watch, operation, socket, &event), "epoll_ctl");
}

static void listen_on(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int yes = 1, most_unsent = MOST_UNSENT;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    /* As our server has them; what is accepted inherits them. */
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(listener, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &most_unsent, sizeof most_unsent);
    int bound = bind(listener, (struct sockaddr *)&address, sizeof address);
    check(!bound && !listen(listener, BACKLOG), "listen");
    attend(EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
}

static void accept_all(void)
{
    int socket;
    while ((socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct peer *peer = calloc(1, sizeof *peer);
        check(peer, "calloc");
        peer->socket = socket;
        attend(EPOLL_CTL_ADD, socket, EPOLLIN, peer);
    }
}

/* Count the requests that end in what was read; the next one may be there in part. */
static int ends(struct peer *peer, const char *data, ssize_t size)
{
    int found = 0;
    for (ssize_t i = 0; i < size; i++) {
        peer->matched = data[i] == "\r\n\r\n"[peer->matched] ? peer->matched + 1 : data[i] == '\r';
        found += peer->matched == 4;
        peer->matched %= 4;
    }
    return found;
}

/* Send what the socket takes of what is due; false where the connection is over. */
static bool answer_due(struct peer *peer)
{
    while (peer->due) {
        ssize_t sent = send(peer->socket, answer + peer->sent, length - peer->sent, MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN;
        peer->sent += (size_t)sent;
        if (peer->sent == length) {
            if (closes)
                return false;
            peer->sent = 0;
            peer->due--;
        }
    }
    return true;
}

/* Do what the socket allows now; false where the connection is over. */
static bool serve(struct peer *peer)
{
    if (!peer->waiting) {
        char data[INPUT];
        ssize_t size = read(peer->socket, data, sizeof data);
        if (size <= 0)
            return size < 0 && errno == EAGAIN;
        peer->due += ends(peer, data, size);
    }
    if (!answer_due(peer))
        return false;
    if (peer->waiting != (peer->due > 0)) { /* nothing is read while an answer is under way */
        peer->waiting = !peer->waiting;
        attend(EPOLL_CTL_MOD, peer->socket, peer->waiting ? EPOLLOUT : EPOLLIN, peer);
    }
    return true;
}

int main(int count, char **arguments)
{
    struct epoll_event events[BATCH];
    check(count > 2, "floor PORT FILE [close]");
    load(arguments[2]);
    closes = count > 3;
    watch = epoll_create1(0);
    listen_on(atoi(arguments[1]));
    for (;;) {
        int ready = epoll_wait(watch, events, BATCH, -1);
        for (int i = 0; i < ready; i++) {
            struct peer *peer = events[i].data.ptr;
            if (!peer) {
                accept_all();
            } else if (!serve(peer)) {
                close(peer->socket);
                free(peer);
            }
        }
    }
}
