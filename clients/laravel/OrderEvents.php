<?php

declare(strict_types=1);

namespace LensArt\OrderEvents;

use RuntimeException;
use Throwable;

/** The gateway did not take the event now. Keep it (see the README: outbox) and send it again. */
final class GatewayUnavailable extends RuntimeException
{
    /** @param array<string, mixed> $event what was sent, its event_id among it */
    public function __construct(string $message, public readonly string $path, public readonly array $event, ?Throwable $previous = null)
    {
        parent::__construct($message, 0, $previous);
    }
}

/** The gateway will never take this event: sending it again is no use. */
final class EventRefused extends RuntimeException
{
    /** @param array<string, list<string>> $errors by field, as Laravel's validator gives them */
    public function __construct(string $message, public readonly int $status, public readonly array $errors = [])
    {
        parent::__construct($message, $status);
    }
}

/**
 * Order events to the LensArt gateway, each with one id however often it is tried: the pipeline
 * takes an id once, so a repeat is harmless. What both clients share; take LaravelOrderEvents or
 * PlainOrderEvents.
 *
 * A method returns when Kafka has the event. It throws EventRefused for what no repeat can mend
 * (401, 413, 415, 422) and GatewayUnavailable when the last try failed too.
 */
abstract class OrderEvents
{
    /** Longest pause between two tries, whatever Retry-After says, in seconds. */
    private const LONGEST_PAUSE = 10.0;

    public function __construct(
        protected readonly string $url,
        protected readonly ?string $token = null,
        protected readonly int $tries = 4,
        protected readonly float $firstPause = 0.2,
        protected readonly float $timeout = 8.0,
    ) {
    }

    /** @param array<string, mixed> $order the order snapshot */
    public function orderCreated(array $order, ?string $eventId = null): array
    {
        return $this->publish('events/order-created', ['order' => $order], $eventId);
    }

    /** @param array<string, mixed> $order the order snapshot */
    public function orderUpdated(array $order, ?string $eventId = null): array
    {
        return $this->publish('events/order-updated', ['order' => $order], $eventId);
    }

    /** @param array<string, mixed> $order the order snapshot */
    public function orderCancelled(array $order, ?string $eventId = null): array
    {
        return $this->publish('events/order-cancelled', ['order' => $order], $eventId);
    }

    /** @param array<string, mixed>|null $order the order snapshot, if it is at hand */
    public function orderStatusChanged(int $orderId, string $newStatus, ?string $oldStatus = null, ?array $order = null, ?string $eventId = null): array
    {
        return $this->publish('events/order-status-changed', [
            'order_id' => $orderId,
            'old_status' => $oldStatus,
            'new_status' => $newStatus,
            'order' => $order,
        ], $eventId);
    }

    /** Any other event, such as order.payment_status_changed. @param array<string, mixed> $data */
    public function send(string $eventType, array $data, ?string $eventId = null): array
    {
        return $this->publish('events/generic', ['event_type' => $eventType, 'data' => $data], $eventId);
    }

    public function testConnection(): array
    {
        return $this->attempt('test-connection', []);
    }

    /** Sends again what GatewayUnavailable carried: the same id, the same time. @param array<string, mixed> $event */
    public function sendAgain(string $path, array $event): array
    {
        return $this->attempt($path, $event);
    }

    /**
     * One request. Returns [status, Retry-After or null, body]; status 0 where nobody answered, the
     * body then says why.
     *
     * @return array{0: int, 1: ?string, 2: string}
     */
    abstract protected function post(string $url, string $json): array;

    private function publish(string $path, array $event, ?string $eventId): array
    {
        // Made once, here, so that every try is the same event.
        return $this->attempt($path, [
            'event_id' => $eventId ?? 'evt_' . bin2hex(random_bytes(16)),
            'timestamp' => gmdate('Y-m-d\TH:i:s') . sprintf('.%06dZ', (int) (fmod(microtime(true), 1) * 1e6)),
        ] + $event);
    }

    private function attempt(string $path, array $event): array
    {
        $json = json_encode((object) $event, JSON_THROW_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION);
        for ($try = 1; ; $try++) {
            [$status, $retryAfter, $body] = $this->post(rtrim($this->url, '/') . '/api/kafka/' . $path, $json);
            $answer = json_decode($body, true);
            $message = is_array($answer) ? (string) ($answer['message'] ?? '') : $body;
            if ($status === 200 && is_array($answer)) {
                return $answer;
            }
            $mayPass = $status === 0 || $status === 429 || $status >= 500;
            if (! $mayPass) {
                throw new EventRefused($message, $status, is_array($answer) ? $answer['errors'] ?? [] : []);
            }
            if ($try >= $this->tries) {
                throw new GatewayUnavailable("gateway: $status $message", $path, $event);
            }
            usleep((int) (1e6 * $this->pause($try, $retryAfter)));
        }
    }

    /** Doubling, with some chance in it so that clients do not return together; at least Retry-After. */
    private function pause(int $try, ?string $retryAfter): float
    {
        $pause = $this->firstPause * 2 ** ($try - 1) * (1 + random_int(0, 1000) / 2000);
        return min(self::LONGEST_PAUSE, max($pause, (float) ($retryAfter ?? 0)));
    }
}
