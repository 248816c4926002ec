/* SPDX-License-Identifier: MIT */
/*
 * cplusplus: the header in C++17, its implementation included. A client and a response end
 * with their scope, also when an exception passes by.
 *
 *     make examples && build/cplusplus http://127.0.0.1:8080/a http://127.0.0.1:8080/b
 */
#define PARIO_IMPLEMENTATION
#include "pario.h"

#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct closes_client {
    void operator()(pario_client *client) const
    {
        pario_close(client);
    }
};
using client_pointer = std::unique_ptr<pario_client, closes_client>;

struct response : pario_response {
    response() : pario_response()
    {
    }
    ~response()
    {
        pario_response_free(this);
    }
    response(const response &) = delete;
    response &operator=(const response &) = delete;

    std::string_view content() const
    {
        return { body, body_size };
    }
};

static client_pointer open_client(pario_executor executor)
{
    pario_config config{}; /* zero is a default */
    config.executor = executor;
    pario_client     *client = nullptr;
    const pario_error error = pario_open(&config, &client);
    if (error != PARIO_OK) {
        throw std::runtime_error(pario_error_text(error));
    }
    return client_pointer(client);
}

int main(int argc, char **argv)
try {
    const std::vector<std::string> urls(argv + 1, argv + argc);
    const client_pointer           client = open_client(PARIO_EPOLL);
    for (std::size_t i = 0; i < urls.size(); i++) {
        pario_request request{};
        request.url = urls[i].c_str();
        request.tag = i;
        const pario_error error = pario_submit(client.get(), &request);
        if (error != PARIO_OK) {
            throw std::runtime_error(urls[i] + ": " + pario_error_text(error));
        }
    }
    for (response got; pario_next(client.get(), &got, PARIO_UNLIMITED) == PARIO_OK;) {
        char line[PARIO_LINE_SIZE];
        pario_describe(&got, line, sizeof line);
        std::cout << urls[got.tag] << ": " << line << ", " << got.content().size() << " bytes\n";
        pario_response_free(&got);
    }
    return 0;
} catch (const std::exception &error) {
    std::cerr << "cplusplus: " << error.what() << '\n';
    return 1;
}
