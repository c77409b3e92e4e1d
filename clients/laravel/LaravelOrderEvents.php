<?php

declare(strict_types=1);

namespace LensArt\OrderEvents;

use Illuminate\Http\Client\ConnectionException;
use Illuminate\Support\Facades\Http;

/**
 * For Laravel 8 and later. In a service provider:
 *
 *     $this->app->singleton(LaravelOrderEvents::class, fn () => new LaravelOrderEvents(
 *         config('services.lensart.url'), config('services.lensart.token')));
 *
 * where config/services.php has
 *
 *     'lensart' => ['url' => env('LENSART_GATEWAY_URL'), 'token' => env('LENSART_GATEWAY_TOKEN')],
 */
final class LaravelOrderEvents extends OrderEvents
{
    protected function post(string $url, string $json): array
    {
        $request = Http::withOptions(['connect_timeout' => 2])
            ->timeout((int) ceil($this->timeout))
            ->acceptJson()
            ->withBody($json, 'application/json');
        try {
            $response = ($this->token === null ? $request : $request->withToken($this->token))->post($url);
        } catch (ConnectionException $exception) {
            return [0, null, $exception->getMessage()];
        }
        return [$response->status(), $response->header('Retry-After') ?: null, $response->body()];
    }
}
