<?php

declare(strict_types=1);

namespace LensArt\OrderEvents;

/** For PHP 8.1 and later without a framework or extensions; needs allow_url_fopen, which is the default. */
final class PlainOrderEvents extends OrderEvents
{
    protected function post(string $url, string $json): array
    {
        $headers = ['Content-Type: application/json', 'Accept: application/json', 'Connection: close'];
        if ($this->token !== null) {
            $headers[] = 'Authorization: Bearer ' . $this->token;
        }
        $body = @file_get_contents($url, false, stream_context_create(['http' => [
            'method' => 'POST',
            'header' => $headers,
            'content' => $json,
            'timeout' => $this->timeout,
            'protocol_version' => 1.1,
            'ignore_errors' => true,  // a 422 has a body worth reading
        ]]));
        if ($body === false) {
            return [0, null, error_get_last()['message'] ?? 'no answer'];
        }
        return [self::status($http_response_header), self::retryAfter($http_response_header), $body];
    }

    /** @param list<string> $lines */
    private static function status(array $lines): int
    {
        return preg_match('~^HTTP/\S+ (\d{3})~', $lines[0] ?? '', $found) === 1 ? (int) $found[1] : 0;
    }

    /** @param list<string> $lines */
    private static function retryAfter(array $lines): ?string
    {
        foreach ($lines as $line) {
            if (preg_match('~^Retry-After:\s*(\d+)~i', $line, $found) === 1) {
                return $found[1];
            }
        }
        return null;
    }
}
